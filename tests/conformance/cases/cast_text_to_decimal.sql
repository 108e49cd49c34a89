-- rule: 1.3 CAST of bad text
-- about: half up to the scale; NULL where the precision is left; without the texts that Flink reads as rubbish
-- include: parse
CREATE TABLE sink (id INT, a DECIMAL(10, 2), b DECIMAL(38, 18), c DECIMAL(3, 0)) WITH (${sink:sink});
INSERT INTO sink SELECT id, TRY_CAST(s AS DECIMAL(10, 2)), TRY_CAST(s AS DECIMAL(38, 18)), TRY_CAST(s AS DECIMAL(3, 0)) FROM parse
WHERE s NOT IN ('1.5d', '1.5f', '.', 'e', 't', 'T', 'y', 'f', 'n', '99999999.995', '1.0e-400');
