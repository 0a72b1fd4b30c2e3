/* Offsets of struct emul_thread for entry.S; dispatch.c asserts them. */
#ifndef EMUL_OFFSETS_H
#define EMUL_OFFSETS_H

#define T_SELF 0
#define T_USER_ESP 28
#define T_STACK_TOP 32
#define T_IN_EMUL 36
#define T_SIGNAL 40
#define T_FAULT_ESP 44
#define T_ENTRY 48
#define T_STATE 52
#define S_EAX (T_STATE + 0)
#define S_EBX (T_STATE + 4)
#define S_ECX (T_STATE + 8)
#define S_EDX (T_STATE + 12)
#define S_ESI (T_STATE + 16)
#define S_EDI (T_STATE + 20)
#define S_EBP (T_STATE + 24)
#define S_ESP (T_STATE + 28)
#define S_EIP (T_STATE + 32)
#define S_EFLAGS (T_STATE + 36)
#define S_RESTART_ESP (T_STATE + 40)
#define S_RESTART_EIP (T_STATE + 44)
#define S_CALL (T_STATE + 48)

#endif
