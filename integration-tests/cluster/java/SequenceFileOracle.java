import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.BooleanWritable;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.DoubleWritable;
import org.apache.hadoop.io.FloatWritable;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.VIntWritable;
import org.apache.hadoop.io.VLongWritable;
import org.apache.hadoop.io.Writable;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.util.ReflectionUtils;

/**
 * Reads and writes SequenceFiles with Hadoop's own classes, for comparison with ours.
 *
 * Each line of standard input is a command: "write URI KEY VALUE NONE|RECORD|BLOCK CODEC COUNT", with the
 * short names of Heddle's options and a codec class or "-", or "read URI". Each line of output is JSON.
 */
public final class SequenceFileOracle {
  /** The values that the test makes by the same rules. */
  private static Writable value(String name, int i) {
    switch (name) {
      case "text":
        return new Text("t" + i + "\u00fc\ud83d\ude00");
      case "int":
        return new IntWritable(i * 7919 - 1000);
      case "vint":
        return new VIntWritable(i * 7919 - 1000);
      case "long":
        return new LongWritable(i * 1234567891L - 5);
      case "vlong":
        return new VLongWritable(i * 1234567891L - 5);
      case "double":
        return new DoubleWritable(i / 8.0 - 3);
      case "float":
        return new FloatWritable(i / 4f - 3);
      case "boolean":
        return new BooleanWritable(i % 3 == 0);
      case "bytes":
        return new BytesWritable(new byte[] {(byte) i, (byte) (i >> 8), -1});
      default:
        return NullWritable.get();
    }
  }

  /** One form for both sides: numbers by their bits, bytes by their digits. */
  private static String form(Writable value) {
    if (value instanceof DoubleWritable) {
      return String.format("%016x", Double.doubleToLongBits(((DoubleWritable) value).get()));
    }
    if (value instanceof FloatWritable) {
      return String.format("%016x", Double.doubleToLongBits(((FloatWritable) value).get()));
    }
    if (value instanceof BytesWritable) return HexFormat.of().formatHex(((BytesWritable) value).copyBytes());
    if (value instanceof NullWritable) return "null";
    return value.toString();
  }

  private static Map<String, Object> write(Configuration conf, String[] words) throws Exception {
    Writable key = value(words[2], 0);
    Writable val = value(words[3], 0);
    CompressionCodec codec = words[5].equals("-") ? null
        : (CompressionCodec) ReflectionUtils.newInstance(conf.getClassByName(words[5]), conf);
    SequenceFile.CompressionType type = SequenceFile.CompressionType.valueOf(words[4]);
    try (SequenceFile.Writer writer = SequenceFile.createWriter(conf,
        SequenceFile.Writer.file(new Path(words[1])),
        SequenceFile.Writer.keyClass(key.getClass()),
        SequenceFile.Writer.valueClass(val.getClass()),
        codec == null ? SequenceFile.Writer.compression(type)
            : SequenceFile.Writer.compression(type, codec))) {
      int count = Integer.parseInt(words[6]);
      for (int i = 0; i < count; i++) writer.append(value(words[2], i), value(words[3], i));
    }
    return Map.of("written", words[1]);
  }

  private static Map<String, Object> read(Configuration conf, String[] words) throws Exception {
    try (SequenceFile.Reader reader =
        new SequenceFile.Reader(conf, SequenceFile.Reader.file(new Path(words[1])))) {
      Writable key = (Writable) ReflectionUtils.newInstance(reader.getKeyClass(), conf);
      Writable value = (Writable) ReflectionUtils.newInstance(reader.getValueClass(), conf);
      List<String> records = new ArrayList<>();
      while (reader.next(key, value)) records.add(form(key) + "\t" + form(value));
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("compression", reader.getCompressionType().name());
      answer.put("records", records);
      return answer;
    }
  }

  public static void main(String[] args) throws Exception {
    Configuration conf = new Configuration();
    ObjectMapper json = new ObjectMapper();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8);
    while (lines.hasNextLine()) {
      String[] words = lines.nextLine().split(" ");
      Map<String, Object> answer;
      try {
        answer = words[0].equals("write") ? write(conf, words) : read(conf, words);
      } catch (Exception | LinkageError e) {
        answer = Map.of("error", String.valueOf(e));
      }
      out.println(json.writeValueAsString(answer));
    }
  }
}
