-- rule: 1.3 CAST of bad text
-- about: TRY_CAST gives NULL for bad text; blanks are trimmed; a fraction is cut
-- include: parse
CREATE TABLE sink (id INT, t TINYINT, s SMALLINT, i INT, b BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, TRY_CAST(s AS TINYINT), TRY_CAST(s AS SMALLINT), TRY_CAST(s AS INT), TRY_CAST(s AS BIGINT) FROM parse;
