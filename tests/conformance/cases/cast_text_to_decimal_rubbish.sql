-- rule: 1.3 CAST of bad text
-- about: texts that are no numbers are NULL as DECIMAL, and so is what has too many digits after rounding
-- oracle: hand Flink gives 0 for any single letter and for a point, and eleven digits as DECIMAL(10, 2)
-- include: parse
CREATE TABLE sink (s STRING, a DECIMAL(10, 2)) WITH (${sink:sink});
INSERT INTO sink SELECT s, TRY_CAST(s AS DECIMAL(10, 2)) FROM parse WHERE s IN ('.', 'e', 't', 'T', 'y', 'f', 'n', '99999999.995');
