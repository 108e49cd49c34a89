-- rule: 1.3 CAST of bad text
-- about: CAST where the text is good
-- include: parse
CREATE TABLE sink (id INT, i INT, d DOUBLE, p DECIMAL(6, 2), s STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(s AS INT), CAST(s AS DOUBLE), CAST(s AS DECIMAL(6, 2)), s FROM parse WHERE s IN ('0', '1', ' 1 ', '-1', '127', '-129', '1.5');
