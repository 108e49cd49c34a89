-- rule: 2.1 Scalar functions
-- about: functions of functions
-- include: people
CREATE TABLE sink (id BIGINT, a STRING, b STRING, c INT, d STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, UPPER(SPLIT_INDEX(email, '@', 1)), CONCAT_WS(' / ', LOWER(city), NULLIF(phone, ''), country),
  CHAR_LENGTH(TRIM(address)) + CHAR_LENGTH(name), SUBSTRING(address, 1, 10) || '...' FROM people WHERE name LIKE '%er%' OR city IN ('Oslo', '東京');
