-- include: times
SELECT id, YEAR(ts), MONTH(ts), DAY(ts), HOUR(ts), MINUTE(ts), SECOND(ts), YEAR(ts), MONTH(ts), DAY(ts), HOUR(ts), MINUTE(ts) FROM times WHERE ts >= TIMESTAMP_NTZ '1970-01-01 00:00:00';
