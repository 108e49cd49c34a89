-- rule: 1.3 a / b, %
-- about: truncates toward zero; the remainder has the sign of the dividend
-- include: extremes
CREATE TABLE sink (id INT, a INT, b BIGINT, c INT, d INT, e BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, i / t, b / i, i % s, MOD(b, i), b % 10 FROM extremes WHERE t <> 0 AND i <> 0 AND s <> 0;
