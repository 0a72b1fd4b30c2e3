; A 32-bit DPMI client.
; covers: dpmi
%define WIDTH 32
%include "dpmi.inc"
