using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>Compares every mirrored struct with what the C compiler says of the original.</summary>
public class LayoutTests
{
    /// <summary>Mirror, C type, whether the mirror stops before the C struct ends; then fields whose C name differs.</summary>
    private static readonly (Type Mirror, string C, bool Partial, Dictionary<string, string> Renamed)[] s_structs =
    [
        (typeof(bpf_devmap_val_write), "struct bpf_devmap_val", false, new() { ["bpf_prog_fd"] = "bpf_prog.fd" }),
        (typeof(bpf_devmap_val_read), "struct bpf_devmap_val", false, new() { ["bpf_prog_id"] = "bpf_prog.id" }),
        (typeof(bpf_map_info), "struct bpf_map_info", true, []),
        (typeof(bpf_prog_info), "struct bpf_prog_info", true, []),
        (typeof(bpf_link_info), "struct bpf_link_info", true, new() { ["xdp_ifindex"] = "xdp.ifindex" }),
        (typeof(bpf_insn), "struct bpf_insn", false, new() { ["registers"] = "off - 1" }),
        (typeof(bpf_map_create_opts), "struct bpf_map_create_opts", true, []),
        (typeof(bpf_obj_get_opts), "struct bpf_obj_get_opts", true, []),
        (typeof(bpf_link_create_opts), "struct bpf_link_create_opts", true, []),
        (typeof(bpf_prog_load_opts), "struct bpf_prog_load_opts", true, []),
        (typeof(bpf_test_run_opts), "struct bpf_test_run_opts", true, []),
        (typeof(bpf_object_open_opts), "struct bpf_object_open_opts", true, []),
        (typeof(struct_statfs), "struct statfs", false, []),
        (typeof(struct_statx), "struct statx", false, []),
        (typeof(statx_timestamp), "struct statx_timestamp", false, []),
        (typeof(struct_utsname), "struct utsname", false, []),
        (typeof(nlmsghdr), "struct nlmsghdr", false, []),
        (typeof(nlattr), "struct nlattr", false, []),
        (typeof(ifinfomsg), "struct ifinfomsg", false, []),
        (typeof(genlmsghdr), "struct genlmsghdr", false, []),
        (typeof(sockaddr_nl), "struct sockaddr_nl", false, []),
        (typeof(pollfd), "struct pollfd", false, []),
        (typeof(timeval), "struct timeval", false, []),
        (typeof(ifreq), "struct ifreq", false, []),
        (typeof(ethtool_value), "struct ethtool_value", false, []),
        (typeof(devmapd_redirect_config), "struct devmapd_redirect_config", false, []),
        (typeof(devmapd_tcx_config), "struct devmapd_tcx_config", false, []),
        (typeof(devmapd_egress_config), "struct devmapd_egress_config", false, []),
        (typeof(devmapd_counter), "struct devmapd_counter", false, []),
        (typeof(devmapd_hash), "struct devmapd_hash", false, []),
        (typeof(devmapd_switch), "struct devmapd_switch", false, new() { ["hash0"] = "hashes[0]", ["hash1"] = "hashes[1]" }),
        (typeof(devmapd_totals), "struct devmapd_totals", false, []),
        (typeof(devmapd_more_totals), "struct devmapd_more_totals", false, []),
        (typeof(devmapd_actions), "struct devmapd_actions", false, []),
        (typeof(devmapd_version), "struct devmapd_version", false, []),
        (typeof(devmapd_change), "struct devmapd_change", false, []),
        (typeof(devmapd_guard), "struct devmapd_guard", false, []),
        (typeof(devmapd_guard_order), "struct devmapd_guard_order", false, []),
        (typeof(devmapd_rehearsed_key), "struct devmapd_rehearsed_key", false, []),
        (typeof(devmapd_action_count), "struct devmapd_action_count", false, []),
        (typeof(devmapd_action_totals), "struct devmapd_action_totals", false, []),
        (typeof(devmapd_missed_key), "struct devmapd_missed_key", false, []),
        (typeof(devmapd_pass_config), "struct devmapd_pass_config", false, []),
        (typeof(devmapd_drops_config), "struct devmapd_drops_config", false, []),
        (typeof(devmapd_redirect_errors), "struct devmapd_redirect_errors", false, []),
        (typeof(devmapd_redirect_error_key), "struct devmapd_redirect_error_key", false, []),
        (typeof(devmapd_transmit_drop_key), "struct devmapd_transmit_drop_key", false, []),
        (typeof(devmapd_exception_key), "struct devmapd_exception_key", false, []),
        (typeof(devmapd_drop), "struct devmapd_drop", false, []),
        (typeof(devmapd_live_run), "struct devmapd_live_run", false, []),
        (typeof(xdp_md), "struct xdp_md", false, []),
        (typeof(devmapd_peer), "struct devmapd_peer", false, []),
    ];

    /// <summary>Constants that the headers of some distributions do not have: the tests run on them, too.</summary>
    private static readonly string[] _younger = [nameof(BpfConstants.BPF_LINK_TYPE_TCX)]; // Linux 6.6

    [Fact]
    public void EveryMirror_HasTheOffsetsAndTheSizeOfTheCStruct()
    {
        var wanted = AskCompiler();
        foreach (var (mirror, c, partial, _) in s_structs)
        {
            foreach (var field in Fields(mirror))
                Assert.True(wanted[$"{mirror.Name}.{field.Name}"] == Offset(mirror, field), $"{mirror.Name}.{field.Name}: {Offset(mirror, field)}, in C {wanted[$"{mirror.Name}.{field.Name}"]}");
            var size = SizeOf(mirror);
            Assert.True(partial ? size <= wanted[mirror.Name] : size == wanted[mirror.Name], $"{mirror.Name}: {size} bytes, {c} has {wanted[mirror.Name]}");
        }
    }

    [Fact]
    public void EveryStructOfTheNativeFolder_IsCompared()
    {
        var mirrors = typeof(bpf_map_info).Assembly.GetTypes()
            .Where(t => t is { IsValueType: true, IsEnum: false, IsNested: false } && t.Namespace == typeof(bpf_map_info).Namespace);
        Assert.Equal(mirrors.Select(t => t.Name).Order(), s_structs.Select(s => s.Mirror.Name).Order());
    }

    [Theory]
    [InlineData("BPF_MAP_TYPE_")]
    [InlineData("BPF_PROG_TYPE_")]
    [InlineData("BPF_XDP")]
    [InlineData("BPF_LINK_TYPE_")]
    [InlineData("BPF_F_")]
    [InlineData("BPF_ANY")]
    [InlineData("BPF_NOEXIST")]
    [InlineData("XDP_")]
    [InlineData("DEVMAPD_")]
    public void Constants_AreThoseOfTheHeaders(string prefix)
    {
        var constants = new[] { typeof(BpfConstants), typeof(DevmapdConstants) }.SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(f => f.Name.StartsWith(prefix, StringComparison.Ordinal) && !_younger.Contains(f.Name)).ToArray();
        Assert.NotEmpty(constants);
        var found = Compile(constants.Select(c => $"printf(\"{c.Name} %llu\\n\", (unsigned long long){c.Name});"));
        foreach (var constant in constants)
            Assert.Equal(Convert.ToInt64(constant.GetRawConstantValue(), null), found[constant.Name]);
    }

    [Theory]
    [InlineData(typeof(NetlinkConstants))]
    [InlineData(typeof(Libc))]
    public void ConstantsOfOtherHeaders_AreThoseOfTheHeaders(Type holder)
    {
        // linux/netdev.h is younger than the headers of some distributions that the tests run on.
        var constants = holder.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => f.IsLiteral && !f.Name.StartsWith("NETDEV_", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(constants);
        // By its own width: ~(...) of a mask is an int.
        var found = Compile(constants.Select(c => $"printf(\"{c.Name} %llu\\n\", (unsigned long long)({c.Name} & {Mask(c.FieldType)}));"));
        foreach (var constant in constants)
            Assert.Equal(Convert.ToInt64(constant.GetRawConstantValue(), null), found[constant.Name]);

        static string Mask(Type type) => type == typeof(ushort) || type == typeof(short) ? "0xffff" : type == typeof(byte) ? "0xff" : "0xffffffff";
    }

    [Theory]
    [InlineData("devmapd_selector")]
    [InlineData("devmapd_template")]
    public void OpenSets_HaveTheEnumeratorsOfTheHeader(string enumeration)
    {
        IEnumerable<OpenSetMember> members = enumeration == "devmapd_selector" ? KeySelector.Set.All : EgressTemplate.Set.All;
        var names = members.ToDictionary(m => "DEVMAPD_" + JsonNamingPolicy.SnakeCaseUpper.ConvertName(m.Name), m => (long)m.KernelValue);
        var header = File.ReadAllText(Repository.PathOf("bpf/devmapd.h"));
        var body = Regex.Match(header, $@"enum {enumeration} {{(.*?)}};", RegexOptions.Singleline).Groups[1].Value;
        Assert.Equal(names.Keys.Order(), Regex.Matches(body, @"DEVMAPD_\w+").Select(m => m.Value).Order());
        Assert.Equal(names, Compile(names.Keys.Select(n => $"printf(\"{n} %llu\\n\", (unsigned long long){n});")));
    }

    [Theory]
    [InlineData(typeof(PeerUse), "devmapd_peer_use", "PEER_")]
    [InlineData(typeof(GuardPhase), "devmapd_guard_phase", "GUARD_")]
    [InlineData(typeof(devmapd_verdict), "devmapd_verdict", "")]
    public void Enumerations_HaveTheEnumeratorsOfTheHeader(Type mirror, string enumeration, string prefix)
    {
        const int FirstOfUserSpace = 100;
        var names = Enum.GetValues(mirror).Cast<object>().Select(v => (Name: v.ToString()!, Value: Convert.ToInt64(v, null))).Where(v => v.Value < FirstOfUserSpace)
            .ToDictionary(v => $"DEVMAPD_{prefix}" + JsonNamingPolicy.SnakeCaseUpper.ConvertName(v.Name), v => v.Value);
        var header = File.ReadAllText(Repository.PathOf("bpf/devmapd.h"));
        var body = Regex.Match(header, $"enum {enumeration} {{(.*?)}};", RegexOptions.Singleline).Groups[1].Value;
        Assert.Equal(names.Keys.Order(), Regex.Matches(body, @"DEVMAPD_\w+").Select(m => m.Value).Order());
        Assert.Equal(names, Compile(names.Keys.Select(n => $"printf(\"{n} %llu\\n\", (unsigned long long){n});")));
    }

    [Fact]
    public void Parameters_HaveFieldsOfTheirSizeInTheConfig()
    {
        var sizes = Compile(TemplateParameter.All.SelectMany(p => new[] { p.KernelField, p.PresenceField }).OfType<string>()
            .Select(field => $"printf(\"{field} %zu\\n\", sizeof(((struct devmapd_egress_config *)0)->{field}));"));
        Assert.All(TemplateParameter.All, p => Assert.Equal(p.KernelBytes, sizes[p.KernelField]));
        Assert.All(TemplateParameter.All.Where(p => p.PresenceField is not null), p => Assert.Equal(1, sizes[p.PresenceField!]));
    }

    private static Dictionary<string, long> AskCompiler() => Compile(s_structs.SelectMany(s => Fields(s.Mirror)
        .Select(f => $"printf(\"{s.Mirror.Name}.{f.Name} %zu\\n\", {CExpression(s.C, s.Renamed.GetValueOrDefault(f.Name, f.Name))});")
        .Append($"printf(\"{s.Mirror.Name} %zu\\n\", sizeof({s.C}));")));

    /// <summary>"x - 1" stands for the byte before x, for bit fields, which have no address.</summary>
    private static string CExpression(string type, string field) => field.EndsWith(" - 1", StringComparison.Ordinal)
        ? $"offsetof({type}, {field[..^4]}) - 1"
        : $"offsetof({type}, {field})";

    private static Dictionary<string, long> Compile(IEnumerable<string> statements)
    {
        var folder = Directory.CreateTempSubdirectory("devmapd-layout-");
        try
        {
            var source = new StringBuilder("#define _GNU_SOURCE\n");
            foreach (var header in new[] { "stddef.h", "stdio.h", "sys/stat.h", "sys/utsname.h", "sys/vfs.h", "linux/bpf.h", "sys/socket.h", "sys/time.h", "time.h", "sys/eventfd.h", "sys/file.h", "sys/mman.h", "fcntl.h", "poll.h", "linux/magic.h", "linux/if.h", "linux/if_arp.h", "linux/if_link.h", "linux/netlink.h", "linux/rtnetlink.h", "linux/net_namespace.h", "linux/ethtool.h", "linux/sockios.h", "linux/genetlink.h", "bpf/bpf.h", "bpf/libbpf.h" })
                source.Append("#include <").Append(header).Append(">\n");
            source.Append("#include \"devmapd.h\"\nint main(void) {\n").AppendJoin('\n', statements).Append("\nreturn 0; }\n");
            var file = Path.Combine(folder.FullName, "layout.c");
            File.WriteAllText(file, source.ToString());
            var program = Path.Combine(folder.FullName, "layout");
            Shell.Run("gcc", "-I", Repository.PathOf("bpf"), "-o", program, file);
            return Shell.Run(program).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' '))
                .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], null));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>All but padding, which is private.</summary>
    private static FieldInfo[] Fields(Type mirror) => mirror.GetFields(BindingFlags.Instance | BindingFlags.Public);

    private static long Offset(Type mirror, FieldInfo field) => Marshal.OffsetOf(mirror, field.Name);

    private static long SizeOf(Type mirror) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(mirror).Invoke(null, null)!;
}
