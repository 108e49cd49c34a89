-- include: bids
WITH apples AS (SELECT ts, price FROM bids WHERE channel = 'Apple'), dear AS (SELECT * FROM apples WHERE price > 10)
SELECT window.start, COUNT(*), SUM(price) FROM dear GROUP BY window(ts, '30 seconds');
