"""Booting Masix in QEMU and talking with it: what scripts/masix and the system tests use."""
