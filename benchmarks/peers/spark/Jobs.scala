import org.apache.spark.{SparkConf, SparkContext}

/** The same jobs as `benchmarks/programs/spine.ts`, over Spark's Scala RDD API. */
object Jobs {
  def main(args: Array[String]): Unit = {
    val row = args(0)
    val warmRuns = args(1).toInt
    val sc = new SparkContext(new SparkConf().setAppName(s"bench-$row"))
    sc.setLogLevel("ERROR")
    val times = new scala.collection.mutable.ArrayBuffer[Long]()
    val checks = new scala.collection.mutable.LinkedHashSet[String]()
    for (_ <- 0 to warmRuns) {
      val started = System.nanoTime()
      checks += run(sc, row, args)
      times += (System.nanoTime() - started) / 1000000
    }
    val warm = times.tail.mkString("[", ",", "]")
    println(s"""{"row":"$row","actionMs":${times.head},"warmMs":$warm,"check":"${checks.mkString(" or ")}"}""")
    System.out.flush()
    sc.stop()
  }

  private def run(sc: SparkContext, row: String, args: Array[String]): String =
    row match {
      case "narrow" =>
        sc.range(0L, 50000000L)
          .map(x => x + 1)
          .filter(x => x % 3 != 0)
          .map(x => x * 2)
          .map(x => x - 1)
          .filter(x => x % 5 != 0)
          .map(x => x + 3)
          .map(x => x * 3)
          .filter(x => x % 7 != 0)
          .map(x => x - 2)
          .map(x => x + x)
          .map(x => x % 1000)
          .reduce((a, b) => a + b)
          .toString
      case "word-count" =>
        val counts = sc.textFile(args(2)).flatMap(_.split(" ")).map(word => (word, 1)).reduceByKey(_ + _)
        val (words, total) = counts.aggregate((0L, 0L))(
          (sums, pair) => (sums._1 + 1, sums._2 + pair._2),
          (a, b) => (a._1 + b._1, a._2 + b._2))
        s"$words/$total"
      case "reduce-by-key" =>
        val sums = sc.range(0L, 20000000L).map(i => ((i * 7919 % 1000003).toInt, 1)).reduceByKey(_ + _)
        val (keys, total) = sums.aggregate((0L, 0L))(
          (acc, pair) => (acc._1 + 1, acc._2 + pair._2),
          (a, b) => (a._1 + b._1, a._2 + b._2))
        s"$keys/$total"
      case "sort-by" =>
        val parts = sc.range(0L, 5000000L)
          .map(i => (i * 1103515245L + 12345L) % 2147483648L)
          .sortBy(x => x)
          .mapPartitions { it =>
            var n = 0L
            var ordered = true
            var first = -1L
            var last = -1L
            while (it.hasNext) {
              val x = it.next()
              if (n == 0) first = x
              if (x < last) ordered = false
              last = x
              n += 1
            }
            Iterator((n, first, last, ordered))
          }
          .collect()
        val ordered = parts.forall(_._4) && parts.sliding(2).forall(p => p.length < 2 || p(0)._3 <= p(1)._2)
        s"${parts.map(_._1).sum}/${parts.head._2}/${parts.last._3}/$ordered"
      case "join" =>
        val left = sc.range(0L, 2000000L).map(i => ((i * 7919 % 2000003).toInt, i.toInt))
        val right = sc.range(0L, 2000000L).map(i => (i.toInt, (i * 2).toInt))
        val (n, sum) = left.join(right).aggregate((0L, 0L))(
          (acc, row) => (acc._1 + 1, acc._2 + row._2._1 % 10 + row._2._2 % 10),
          (a, b) => (a._1 + b._1, a._2 + b._2))
        s"$n/$sum"
      case "start" => sc.range(0L, 10L).count().toString
      case "empty" => "nothing"
      case "lines" => sc.textFile(args(2)).count().toString
      case "empty-tasks" => sc.range(0L, 10000L, 1L, 10000).count().toString
      case "jobs" => (0 until 200).map(_ => sc.range(0L, 2L, 1L, 2).count()).sum.toString
      case "group-by-key" =>
        val groups = sc.range(0L, 5000000L).map(i => ((i * 7919 % 100003).toInt, i)).groupByKey().mapValues(_.size)
        val (keys, total) = groups.aggregate((0L, 0L))(
          (acc, pair) => (acc._1 + 1, acc._2 + pair._2),
          (a, b) => (a._1 + b._1, a._2 + b._2))
        s"$keys/$total"
      case "sort-by-key" =>
        val parts = sc.range(0L, 2000000L)
          .map(i => (s"key-${(i * 1103515245L + 12345L) % 2147483648L}", i))
          .sortByKey()
          .mapPartitions { it =>
            var n = 0L
            var ordered = true
            var first = ""
            var last = ""
            while (it.hasNext) {
              val key = it.next()._1
              if (n == 0) first = key
              if (key < last) ordered = false
              last = key
              n += 1
            }
            Iterator((n, first, last, ordered))
          }
          .collect()
        val ordered = parts.forall(_._4) && parts.sliding(2).forall(p => p.length < 2 || p(0)._3 <= p(1)._2)
        s"${parts.map(_._1).sum}/${parts.head._2}/${parts.last._3}/$ordered"
      case "distinct" => sc.range(0L, 5000000L).map(i => i * 7919 % 1000003).distinct().count().toString
      case "shuffle-4g" =>
        val rows = sc.range(0L, 1048576L, 1L, 64).map { i =>
          val words = java.nio.ByteBuffer.allocate(4096)
          var state = i.toInt + 1
          for (_ <- 0 until 1024) {
            state ^= state << 13
            state ^= state >>> 17
            state ^= state << 5
            words.putInt(state)
          }
          (i, words.array())
        }.partitionBy(new org.apache.spark.HashPartitioner(64))
        val (count, bytes) = rows.aggregate((0L, 0L))(
          (acc, row) => (acc._1 + 1, acc._2 + row._2.length),
          (a, b) => (a._1 + b._1, a._2 + b._2))
        s"$count/$bytes"
    }
}
