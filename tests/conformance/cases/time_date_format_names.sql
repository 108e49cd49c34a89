-- rule: 1.4
-- about: names of months and days, quoted letters
-- include: times
CREATE TABLE sink (id INT, a STRING, b STRING, c STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, DATE_FORMAT(ts, 'EEE, d MMM yyyy'), DATE_FORMAT(ts, 'hh a'), DATE_FORMAT(ts, 'yyyy''T''HH') FROM times;
