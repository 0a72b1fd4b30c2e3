#include "tests.h"

int main(void)
{
	return test_frame() + test_log_ring() + test_channels();
}
