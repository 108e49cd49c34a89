-- rule: 2.1 Scalar functions
-- about: AND, OR, NOT, IS TRUE and kin over true, false and unknown
-- include: sensors
CREATE TABLE sink (ts TIMESTAMP(3), a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN, g BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT ts, ok AND hits > 0, ok OR hits > 0, NOT ok, ok IS TRUE, ok IS NOT FALSE, ok IS NULL, ok = (hits > 0) FROM sensors;
