// The C library's calendar: gmtime, mktime, strftime, and TZ rules.
// variants: static musl-static dynamic
#include "../tap.h"
#include <time.h>

int main(void)
{
	char text[64];
	time_t moment = 1700000000;
	struct tm tm;
	gmtime_r(&moment, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %j %a", &tm);
	is_str(text, "2023-11-14 22:13:20 318 Tue", "gmtime and strftime");
	is(timegm(&tm), 1700000000, "timegm");
	setenv("TZ", "XST-2XDT,M3.5.0,M10.5.0", 1);
	tzset();
	localtime_r(&moment, &tm);
	is(tm.tm_hour, 0, "a zone two hours east");
	moment = 1690000000;
	localtime_r(&moment, &tm);
	is(tm.tm_isdst, 1, "its summer time");
	tm.tm_isdst = -1;
	is(mktime(&tm), 1690000000, "mktime");
	moment = -1;
	gmtime_r(&moment, &tm);
	is(tm.tm_year, 69, "before 1970");
	moment = 1L << 40;
	gmtime_r(&moment, &tm);
	is(tm.tm_year + 1900, 36812, "far in the future");
	return done();
}
