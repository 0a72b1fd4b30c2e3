/* Dates of the Gregorian calendar, and how DOS packs them. */
#include "files.h"

/* Years begin in March here, so that the day that some lack is the last. */
int64_t days_from_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

void dos_stamp(int64_t seconds, uint16_t *date, uint16_t *time)
{
	int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
	int64_t rest = seconds - days * 86400;
	int year, month, day;

	date_from_days(days, &year, &month, &day);
	if (year < 1980 || year > 2107) { /* DOS knows no others */
		year = year < 1980 ? 1980 : 2107;
		month = day = 1;
	}
	*date = (uint16_t)((year - 1980) << 9 | month << 5 | day);
	*time = (uint16_t)((rest / 3600) << 11 | (rest / 60 % 60) << 5 | (rest % 60) / 2);
}

int64_t dos_moment(uint16_t date, uint16_t time)
{
	int month = date >> 5 & 15, day = date & 31;
	int hour = time >> 11, minute = time >> 5 & 63, second = (time & 31) * 2;

	if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
		return -1;
	return days_from_date(1980 + (date >> 9), month, day) * 86400 + hour * 3600 + minute * 60 +
	       second;
}
