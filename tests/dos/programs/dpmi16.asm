; A 16-bit DPMI client.
; covers: dpmi
%define WIDTH 16
%include "dpmi.inc"
