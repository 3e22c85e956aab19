import { HeddleContext } from 'heddle';
const sc = await HeddleContext.getOrCreate();
const rdd = sc.parallelize([], 10000);
for (let i = 0; i < 3; i++) { const t = performance.now(); await rdd.count(); console.log('10000 empty tasks', ((performance.now()-t)/10000*1000).toFixed(1), 'us/task'); }
const small = sc.parallelize([1,2,3,4], 4); await small.count();
const t = performance.now(); for (let i = 0; i < 300; i++) await small.count(); console.log('count() of 4 tasks', ((performance.now()-t)/300).toFixed(3), 'ms');
const pairs = sc.parallelize([1,2,3,4,5,6].map((x):[number,number]=>[x%2,x]), 4).reduceByKey((a,b)=>a+b, 4);
await pairs.count(); const t2 = performance.now(); for (let i = 0; i < 100; i++) await pairs.count(); console.log('skipped-stage job', ((performance.now()-t2)/100).toFixed(3), 'ms');
const t3 = performance.now(); for (let i = 0; i < 50; i++) await sc.parallelize([1,2,3,4,5,6].map((x):[number,number]=>[x%2,x]), 4).reduceByKey((a,b)=>a+b, 4).count(); console.log('shuffle job', ((performance.now()-t3)/50).toFixed(3), 'ms');
await sc.stop();
