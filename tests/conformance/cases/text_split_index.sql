-- rule: 2.1 Scalar functions
-- about: SPLIT_INDEX counts from 0; outside, negative or NULL: NULL
-- include: texts
CREATE TABLE sink (id INT, a STRING, b STRING, c STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, SPLIT_INDEX(a, ',', 1), SPLIT_INDEX(a, k, 0), SPLIT_INDEX(a, ',', n) FROM texts;
