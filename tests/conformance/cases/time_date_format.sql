-- rule: 1.4
-- about: DATE_FORMAT with Java's letters
-- include: times
CREATE TABLE sink (id INT, a STRING, b STRING, c STRING, d STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm:ss.SSS'), DATE_FORMAT(ts, 'yyyyMMdd'), DATE_FORMAT(ts, 'HH:mm'), DATE_FORMAT(ts, 'dd/MM/yy') FROM times;
