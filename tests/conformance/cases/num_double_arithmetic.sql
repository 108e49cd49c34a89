-- rule: 1.3 a / b, %
-- about: DOUBLE by zero gives an infinity or NaN
-- include: odd
CREATE TABLE sink (id BIGINT, a DOUBLE, b DOUBLE, c DOUBLE, e DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT id, d / d, 1 / d, d * 2 - 1, d + d FROM odd;
