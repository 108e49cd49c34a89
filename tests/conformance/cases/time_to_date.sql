-- rule: 1.4
-- about: TO_DATE of text: no clamping, NULL where it does not read; without the texts of long digits, for which Flink fails the job
-- include: parse
CREATE TABLE sink (id INT, a DATE) WITH (${sink:sink});
INSERT INTO sink SELECT id, TO_DATE(s) FROM parse WHERE CHAR_LENGTH(SPLIT_INDEX(s, '-', 0)) <= 4;
