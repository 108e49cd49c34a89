-- rule: 2.1 Scalar functions
-- about: position and length from columns; where the length is negative
-- include: texts
CREATE TABLE sink (id INT, a STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, SUBSTRING(a, n, m) FROM texts WHERE m >= 0;
