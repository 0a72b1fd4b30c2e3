#include <mach/port.h>
