/* Every handler of calls.def: long sys_NAME(const uint32_t *a). */
#ifndef EMUL_CALLS_H
#define EMUL_CALLS_H

#include "emul.h"

#define CALL(number, name) emul_call sys_##name;
#include "calls.def"
#undef CALL

#endif
