-- include: sensors
SELECT ts, volts + volts, volts - CAST(1.5 AS DECIMAL(3, 1)), volts * volts, volts / CAST(3.3 AS DECIMAL(8, 3)), volts * sensor, MOD(volts, CAST(7.25 AS DECIMAL(8, 3))), volts + sensor FROM sensors;
