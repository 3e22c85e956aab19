import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.mapreduce.util.ConfigUtil;
import org.apache.hadoop.yarn.conf.YarnConfiguration;

/**
 * Says what Hadoop's own Configuration makes of site files, for comparison with ours.
 *
 * Each line of standard input names files, or resources of the class path without a slash, separated by tabs;
 * they are laid over each other, and over what the class path has if the first word is "defaults". Each line of output is JSON: keys with their readings, or an error.
 * At the end come, on lines "old<TAB>new", all old names of keys.
 */
public final class ConfigurationOracle {
  private static Object reading(Callable<Object> read) {
    try {
      return read.call();
    } catch (Exception e) {
      return Map.of("error", e.getClass().getSimpleName());
    }
  }

  private static Map<String, Object> readings(Configuration conf, String key) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("raw", conf.getRaw(key));
    all.put("value", reading(() -> conf.get(key)));
    all.put("trimmed", reading(() -> conf.getTrimmed(key)));
    all.put("list", reading(() -> new ArrayList<>(conf.getTrimmedStringCollection(key))));
    // A value that is neither gives the default: asked for with both.
    all.put("boolean", reading(() -> {
      boolean a = conf.getBoolean(key, true);
      return a == conf.getBoolean(key, false) ? (Object) a : null;
    }));
    all.put("integer", reading(() -> conf.getLong(key, -77)));
    all.put("bytes", reading(() -> conf.getLongBytes(key, -77)));
    all.put("number", reading(() -> conf.getDouble(key, -77)));
    all.put("millisecondsBareMs", reading(
        () -> conf.getTimeDuration(key, -77L, TimeUnit.MILLISECONDS)));
    all.put("millisecondsBareS", reading(
        () -> conf.getTimeDuration(key, -77L, TimeUnit.SECONDS, TimeUnit.MILLISECONDS)));
    return all;
  }

  private static Map<String, Object> read(String[] words) {
    boolean defaults = words[0].equals("defaults");
    Configuration conf = new Configuration(defaults);
    conf.setQuietMode(true);
    try {
      for (int i = defaults ? 1 : 0; i < words.length; i++) {
        if (words[i].startsWith("/")) {
          conf.addResource(new Path("file://" + words[i]));
        } else {
          conf.addResource(words[i]);
        }
      }
      TreeSet<String> keys = new TreeSet<>();
      for (Map.Entry<String, String> entry : conf) {
        keys.add(entry.getKey());
      }
      Map<String, Object> answer = new TreeMap<>();
      for (String key : keys) {
        answer.put(key, readings(conf, key));
      }
      return Map.of("keys", answer);
    } catch (Exception e) {
      return Map.of("error", e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    ObjectMapper json = new ObjectMapper();
    HdfsConfiguration.init();
    new YarnConfiguration();
    ConfigUtil.loadResources();
    String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    List<String> lines = new ArrayList<>(input.lines().toList());
    for (String line : lines) {
      out.println(json.writeValueAsString(read(line.split("\t"))));
    }
    out.flush();
    Configuration.dumpDeprecatedKeys();
  }
}
