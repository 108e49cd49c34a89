-- include: sensors
SELECT window.start, sensor, COUNT(*), SUM(temp) FROM sensors GROUP BY window(ts, '4 seconds'), sensor;
