/* Error codes of INT 21h (function 59h tells class, action and place of them). */
#ifndef DOS_ERROR_H
#define DOS_ERROR_H

enum dos_error {
	DOS_OK = 0,
	DOS_E_FUNCTION = 1,
	DOS_E_FILE = 2,
	DOS_E_PATH = 3,
	DOS_E_HANDLES = 4,
	DOS_E_ACCESS = 5,
	DOS_E_HANDLE = 6,
	DOS_E_ARENA = 7,
	DOS_E_MEMORY = 8,
	DOS_E_BLOCK = 9,
	DOS_E_ENVIRONMENT = 10,
	DOS_E_FORMAT = 11,
	DOS_E_MODE = 12,
	DOS_E_DATA = 13,
	DOS_E_DRIVE = 15,
	DOS_E_CURRENT = 16,
	DOS_E_DEVICE = 17,
	DOS_E_NO_MORE = 18,
	DOS_E_READ_ONLY = 19,
	DOS_E_WRITE = 29,
	DOS_E_READ = 30,
	DOS_E_GENERAL = 31,
	DOS_E_SHARE = 32,
	DOS_E_LOCK = 33,
	DOS_E_SHARE_BUFFER = 36,
	DOS_E_FULL = 39,
	DOS_E_GONE = 55,
	DOS_E_EXISTS = 80,
	DOS_E_MAKE = 82,
	DOS_E_FAIL_24 = 83,
};

#endif
