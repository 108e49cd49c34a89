-- include: people
SELECT window.start, window.end, city, COUNT(*) FROM people GROUP BY window(ts, '1 day', '1 hour'), city;
