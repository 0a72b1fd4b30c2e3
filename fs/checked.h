/* A result that the caller may not ignore.  (Not behind pointers to functions, which cppcheck cannot
 * parse then.) */
#ifndef FS_CHECKED_H
#define FS_CHECKED_H

#define CHECKED __attribute__((warn_unused_result))

#endif
