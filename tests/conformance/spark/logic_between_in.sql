-- include: sensors
SELECT ts, hits BETWEEN -100 AND 10000, hits NOT BETWEEN level AND 10000, sensor IN (1, 3, 5), sensor NOT IN (1, 3, 5),
  site IN ('north', 'south', ''), volts BETWEEN 0 AND 1000.5 FROM sensors;
