using ControlPlane.Core.Model;
using ControlPlane.Daemon.Options;
using ControlPlane.TestCommon;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ControlPlane.UnitTests.Options;

public sealed class OptionsTests
{
    [Fact]
    public void ShippedSettings_HaveNoErrorAndAreTheDefaults()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Build();

        var (options, errors) = Read(configuration);

        Assert.Empty(errors);
        var (defaults, _) = Read(With(("Devmaps:0:Name", "default")));
        Assert.Equal(defaults.PinRoot, options.PinRoot);
        Assert.Equal(defaults.StateDirectory, options.StateDirectory);
        Assert.Equivalent(defaults.Listen, options.Listen);
        Assert.Equivalent(defaults.Limits, options.Limits);
        Assert.Equivalent(defaults.Writer, options.Writer);
        Assert.Equal(defaults.Devmaps.Single().ToDefinition(), options.Devmaps.Single().ToDefinition());
    }

    [Theory]
    [InlineData(1000, 2024L, true)]
    [InlineData(1012, 2023L, true)]
    [InlineData(1013, 2023L, false)]
    [InlineData(1025, 2048L, false)]
    [InlineData(int.MaxValue, null, true)]
    public void Connections_NeedFileDescriptors(int connections, long? limit, bool suffices)
    {
        var error = FileDescriptors.Lacking(connections, limit);
        Assert.Equal(suffices, error is null);
        if (!suffices)
            Assert.StartsWith($"needs {limit + 1} file descriptors", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5120L, 4096)]
    [InlineData(4096L, 3072)]
    [InlineData(1024L, 512)]
    [InlineData(1L, 1)]
    [InlineData(null, 4096)]
    public void Connections_WithoutAValue_HaveRoom(long? limit, int connections) => Assert.Equal(connections, FileDescriptors.DefaultConnections(limit));

    [Fact]
    public void Devmap_EveryKey_ArrivesInTheDefinition()
    {
        var (options, errors) = Read(With(
            ("Devmaps:0:Name", "by_address"), ("Devmaps:0:MaxEntries", "7"), ("Devmaps:0:ValueSize", "4"), ("Devmaps:0:NumaNode", "1"),
            ("Devmaps:0:KeySelector", "ipv4Destination"), ("Devmaps:0:MissAction", "abort"), ("Devmaps:0:Counters", "false")));

        Assert.Empty(errors);
        Assert.Equal(
            new DevmapRecord("by_address", new DevmapSpec(7, 4, 1, KeySelector.Ipv4Destination, MissAction.Abort, Counters: false)),
            options.Devmaps.Single().ToDefinition());
    }

    [Theory]
    [InlineData("PinRoot", "", "must be set")]
    [InlineData("PinRoot", "relative/path", "absolute path")]
    [InlineData("PinRoot", "/sys/../etc", "without '.', '..' and '//'")]
    [InlineData("StateDirectory", "", "must be set")]
    [InlineData("StateDirectory", "state", "absolute path")]
    [InlineData("StateDirectory", "/sys/fs/bpf/devmapd", "another folder than ControlPlane:PinRoot")]
    [InlineData("Listen:Rest", "http://0.0.0.0:5080", "loopback")]
    [InlineData("Listen:Rest", "http://192.0.2.1:5080", "loopback")]
    [InlineData("Listen:Rest", "http://example.org:5080", "loopback")]
    [InlineData("Listen:Rest", "https://192.0.2.1:5080", "must be set", "Tls:Certificate", "Tls:Key")]
    [InlineData("Listen:Rest", "https://example.org:5080", "loopback")]
    [InlineData("Listen:UnixSocket", "", "must be set")]
    [InlineData("Tls:Certificate", "tls.pem", "absolute path")]
    [InlineData("Access:Certificates:0:San", "orchestrator", "must be dns:NAME", "Access:Certificates:0:San", "Tls:ClientAuthority")]
    [InlineData("Access:Certificates:0:Role", "root", "must be one of viewer, operator, admin", "Access:Certificates:0:Role", "Access:Certificates:0:San", "Tls:ClientAuthority")]
    [InlineData("Listen:Rest", "http://127.0.0.1:5080/v1", "no path")]
    [InlineData("Listen:Rest", "5080", "loopback")]
    [InlineData("Listen:Grpc", "http://[2001:db8::1]:5081", "loopback")]
    [InlineData("Listen:UnixSocket", "devmapd.sock", "absolute path")]
    [InlineData("Listen:Port", "1", "is not a known key; known here: Rest, Grpc, UnixSocket")]
    [InlineData("Listen", "http://127.0.0.1:1", "must be an object")]
    [InlineData("Devmaps", "default", "must be a list")]
    [InlineData("Devmaps:first:Name", "a", "is not a known key", "Devmaps:first")]
    [InlineData("Devmaps:0:Name", "", "must be set")]
    [InlineData("Devmaps:0:Name", "Upper", "must match [a-z][a-z0-9_]{0,14}")]
    [InlineData("Devmaps:0:Name", "sixteen_letters_", "must match")]
    [InlineData("Devmaps:1:Name", "default", "is already the name of ControlPlane:Devmaps:0")]
    [InlineData("Devmaps:0:MaxEntries", "0", "must be 1 to 1048576")]
    [InlineData("Devmaps:0:MaxEntries", "1048577", "must be 1 to 1048576")]
    [InlineData("Devmaps:0:MaxEntries", "many", "must be a whole number, but is 'many'")]
    [InlineData("Devmaps:0:ValueSize", "6", "must be 4 or 8")]
    [InlineData("Devmaps:0:NumaNode", "-1", "must be 0 to 1023")]
    [InlineData("Devmaps:0:KeySelector", "fib", "must be one of ingressInterface, vlan, ipv4Destination, but is 'fib'")]
    [InlineData("Devmaps:0:KeySelector", "1", "must be one of ingressInterface, vlan, ipv4Destination")]
    [InlineData("Devmaps:0:MissAction", "Pass", "must be one of abort, drop, pass")]
    [InlineData("Devmaps:0:Counters", "yes", "must be true or false")]
    [InlineData("Limits:MaxEntriesPerDevmap", "0", "must be 1 to 2147483648", "Limits:MaxEntriesPerDevmap", "Devmaps:0:MaxEntries")]
    [InlineData("Writer:QueueCapacity", "0", "must be 1 to 1048576")]
    [InlineData("Limits:Connections", "0", "must be 1 to 1048576")]
    [InlineData("Limits:StreamsPerCaller", "0", "must be 1 to 1048576")]
    [InlineData("Writer:QueuePerCaller", "0", "must be 1 to 1048576")]
    [InlineData("Writer:MaxBatch", "65537", "must be 1 to 65536")]
    [InlineData("Writer:MaxBatch", "", "must be a whole number")]
    [InlineData("Writer:DrainTimeout", "-00:00:01", "must be 00:00:00 to 00:05:00")]
    [InlineData("Writer:DrainTimeout", "soon", "must be a time span")]
    [InlineData("Writer:MaxBtch", "1", "is not a known key; known here: QueueCapacity, QueuePerCaller, MaxBatch, DrainTimeout")]
    [InlineData("Pinroot2", "/x", "is not a known key")]
    public void Error_IsNamedWithItsKey(string key, string value, string message, string? errorKey = null, params string[] alsoWrong)
    {
        var (_, errors) = Read(With(("Devmaps:0:Name", "default"), (key, value)));

        var expected = alsoWrong.Prepend(errorKey ?? key).Select(k => $"ControlPlane:{k}");
        Assert.Equal(expected, errors.Select(Key));
        Assert.Contains(message, errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public void UnixSocket_LongerThanSunPath_IsAnError()
    {
        Assert.Empty(Read(With(("Devmaps:0:Name", "a"), ("Listen:UnixSocket", "/" + new string('s', 106)))).Errors);

        var error = Assert.Single(Read(With(("Devmaps:0:Name", "a"), ("Listen:UnixSocket", "/" + new string('s', 107)))).Errors);
        Assert.Equal("ControlPlane:Listen:UnixSocket: must be at most 107 bytes long", error);
    }

    [Fact]
    public void NoAddressAtAll_IsAnError()
    {
        Assert.Empty(Read(With(("Devmaps:0:Name", "a"), ("Listen:Rest", ""), ("Listen:Grpc", ""))).Errors);

        var error = Assert.Single(Read(With(("Devmaps:0:Name", "a"), ("Listen:Rest", ""), ("Listen:Grpc", ""), ("Listen:UnixSocket", ""))).Errors);
        Assert.Contains("ControlPlane:Listen:UnixSocket: must be set", error, StringComparison.Ordinal);
    }

    [Fact]
    public void NoDevmaps_IsAnError()
    {
        var error = Assert.Single(Read(With()).Errors);
        Assert.Equal("ControlPlane:Devmaps: must name at least one devmap", error);
    }

    [Fact]
    public void SeveralErrors_AreListedAtOnce()
    {
        var (_, errors) = Read(With(
            ("PinRoot", "x"), ("Devmaps:0:Name", ""), ("Devmaps:1:KeySelector", "fib"), ("Devmaps:1:Name", "b"), ("Writer:MaxBatch", "x"), ("Typo", "1")));

        Assert.Equal(
            ["ControlPlane:Devmaps:0:Name", "ControlPlane:Devmaps:1:KeySelector", "ControlPlane:PinRoot", "ControlPlane:Typo", "ControlPlane:Writer:MaxBatch"],
            errors.Select(Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://localhost:1234")]
    [InlineData("http://[::1]:1234")]
    [InlineData("http://127.1.2.3:1234")]
    public void LoopbackAddress_IsTaken(string address) =>
        Assert.Empty(Read(With(("Devmaps:0:Name", "a"), ("Listen:Rest", address))).Errors);

    [Fact]
    public void OnePortForBothAddresses_IsAnError()
    {
        var error = Assert.Single(Read(With(("Devmaps:0:Name", "a"), ("Listen:Rest", "http://127.0.0.1:5080"), ("Listen:Grpc", "http://127.0.0.1:5080"))).Errors);
        Assert.Equal("ControlPlane:Listen:Grpc: must have another port than ControlPlane:Listen:Rest (5080)", error);
    }

    /// <summary>Every key is in the settings file and in the docs, there with its default.</summary>
    [Fact]
    public void EveryKey_IsInTheSettingsFileAndInTheDocs()
    {
        var shipped = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Build();
        var docs = File.ReadAllText(Repository.PathOf("docs/operation.md"));

        Assert.All(Keys(typeof(ControlPlaneOptions), ""), key =>
        {
            // A list that is empty by default has no member to show.
            if (!key.StartsWith("Access:Certificates:", StringComparison.Ordinal))
                Assert.Contains($"ControlPlane:{key.Replace(":N:", ":0:", StringComparison.Ordinal)}", shipped.AsEnumerable().Select(pair => pair.Key));
            Assert.Contains($"`{key}`", docs, StringComparison.Ordinal);
        });
    }

    private static IEnumerable<string> Keys(Type type, string path) => type.GetProperties().SelectMany(member => member.PropertyType switch
    {
        { IsGenericType: true } list when list.GetGenericTypeDefinition() == typeof(List<>) => Keys(list.GetGenericArguments()[0], $"{path}{member.Name}:N:"),
        { Namespace: "ControlPlane.Daemon.Options" } section => Keys(section, $"{path}{member.Name}:"),
        _ => [path + member.Name],
    });

    private static (ControlPlaneOptions Options, IReadOnlyList<string> Errors) Read(IConfiguration configuration)
    {
        using var services = new ServiceCollection().AddSingleton(configuration).AddControlPlaneOptions().BuildServiceProvider();
        try
        {
            return (services.GetRequiredService<IOptions<ControlPlaneOptions>>().Value, []);
        }
        catch (OptionsValidationException e)
        {
            return (null!, [.. e.Failures]);
        }
    }

    private static string Key(string error) => error.Split(": ")[0];

    private static IConfigurationRoot With(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.GroupBy(s => $"ControlPlane:{s.Key}").ToDictionary(g => g.Key, g => (string?)g.Last().Value))
            .Build();
}
