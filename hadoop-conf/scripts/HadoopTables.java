import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.mapreduce.util.ConfigUtil;
import org.apache.hadoop.yarn.conf.YarnConfiguration;

/** Prints old names of keys with their replacements, and the built-in defaults of each file, as JSON. */
public final class HadoopTables {
  private static Map<String, List<String>> deprecations() {
    // The only public way: it prints "old<TAB>new" a line to standard output.
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    Configuration.dumpDeprecatedKeys();
    System.setOut(before);
    Map<String, List<String>> table = new TreeMap<>();
    bytes.toString(StandardCharsets.UTF_8).lines().forEach(line -> {
      String[] words = line.split("\t");
      table.computeIfAbsent(words[0].trim(), key -> new ArrayList<>()).add(words[1].trim());
    });
    return table;
  }

  private static Map<String, String> defaults(String file) {
    Configuration conf = new Configuration(false);
    conf.addResource(file);
    Map<String, String> table = new TreeMap<>();
    for (Map.Entry<String, String> entry : conf) {
      table.put(entry.getKey(), conf.getRaw(entry.getKey()));
    }
    return table;
  }

  public static void main(String[] args) throws Exception {
    HdfsConfiguration.init();
    new YarnConfiguration();
    ConfigUtil.loadResources();
    Map<String, Object> all = new TreeMap<>();
    all.put("deprecations", deprecations());
    for (String part : List.of("core", "hdfs", "yarn", "mapred")) {
      all.put(part, defaults(part + "-default.xml"));
    }
    System.out.println(new ObjectMapper().writeValueAsString(all));
  }
}
