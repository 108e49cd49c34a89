-- rule: 1.4
-- about: TO_DATE with a format, of texts that fit it
-- include: parse
CREATE TABLE sink (id INT, a DATE, b DATE) WITH (${sink:sink});
INSERT INTO sink SELECT id, TO_DATE(s, 'yyyy/MM/dd'), TO_DATE(s, 'yyyyMMdd') FROM parse WHERE s IN ('2026/01/01', '20260101');
