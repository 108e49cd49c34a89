-- include: times
SELECT id, YEAR(ts), MONTH(ts), DAY(ts), HOUR(ts), MINUTE(ts), SECOND(ts), YEAR(ts), MONTH(ts), DAY(ts), HOUR(ts), MINUTE(ts) FROM times;
