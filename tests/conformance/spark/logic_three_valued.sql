-- include: sensors
SELECT ts, ok AND hits > 0, ok OR hits > 0, NOT ok, ok IS TRUE, ok IS NOT FALSE, ok IS NULL, ok = (hits > 0) FROM sensors;
