-- rule: 1.3 DECIMAL + - * / %
-- about: an INT counts as DECIMAL(10,0), a BIGINT as DECIMAL(20,0) of 19 digits
-- include: extremes
CREATE TABLE sink (id INT, a DECIMAL(13, 2), b DECIMAL(22, 2), c DECIMAL(20, 2), d DOUBLE, e DECIMAL(38, 18)) WITH (${sink:sink});
INSERT INTO sink SELECT id, p + i, p - b, p * i, p * d, q + t FROM extremes;
