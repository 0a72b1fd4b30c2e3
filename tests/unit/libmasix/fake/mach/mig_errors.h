#ifndef FAKE_MIG_ERRORS_H
#define FAKE_MIG_ERRORS_H

#define MIG_SERVER_DIED (-308)

#endif
