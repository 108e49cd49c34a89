-- rule: 1.4
-- about: TO_DATE with a format, of texts that fit it
-- include: parse
CREATE TABLE slashes (id INT, a DATE) WITH (${sink:slashes});
CREATE TABLE digits (id INT, a DATE) WITH (${sink:digits});
EXECUTE STATEMENT SET BEGIN
INSERT INTO slashes SELECT id, TO_DATE(s, 'yyyy/MM/dd') FROM parse WHERE s = '2026/01/01';
INSERT INTO digits SELECT id, TO_DATE(s, 'yyyyMMdd') FROM parse WHERE s = '20260101';
END;
