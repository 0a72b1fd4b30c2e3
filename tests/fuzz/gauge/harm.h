/* What gauge_harm does to a task. */
#ifndef GAUGE_HARM_H
#define GAUGE_HARM_H

#define GAUGE_END 0
#define GAUGE_FREEZE 1
#define GAUGE_FAULT 2
#define GAUGE_SPOIL 3

#endif
