-- rule: 1.3 CAST of bad text, 1.4
-- about: DATE and TIMESTAMP of text
-- include: parse
CREATE TABLE sink (id INT, d DATE, t TIMESTAMP(3), u TIMESTAMP(6), v TIMESTAMP(0)) WITH (${sink:sink});
INSERT INTO sink SELECT id, TRY_CAST(s AS DATE), TRY_CAST(s AS TIMESTAMP(3)), TRY_CAST(s AS TIMESTAMP(6)), TRY_CAST(s AS TIMESTAMP(0)) FROM parse;
