using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>The Debian package and the image, in a sandbox. <c>make packages</c> builds them and runs these.</summary>
/// <remarks>The environment variable <c>DEVMAPD_PACKAGES</c> names their folder.</remarks>
[Trait("Group", "packages")]
public sealed class PackageTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Pod = "pod.service";

    private static readonly string Folder = Environment.GetEnvironmentVariable("DEVMAPD_PACKAGES") ?? "/nowhere";

    private static readonly string[] Owned =
        ["/usr/lib/devmapd", "/usr/sbin/devmapd", "/etc/devmapd", "/var/lib/devmapd", "/run/devmapd", "/sys/fs/bpf/devmapd", "/usr/lib/systemd/system/devmapd.service",
            "/usr/share/doc/devmapd", "/usr/share/man/man8/devmapd.8.gz", "/usr/share/bash-completion/completions/devmapd", "/etc/systemd/system/multi-user.target.wants/devmapd.service"];

    private SystemdSandbox _sandbox = null!;

    public Task InitializeAsync()
    {
        _sandbox = SystemdSandbox.Start();
        File.Delete(_sandbox.Outside("/usr/sbin/policy-rc.d")); // forbids packages to start services in containers
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _sandbox.DisposeAsync();

    [Fact]
    public void Package_DependsOnWhatItNeeds_AndBringsTheRest()
    {
        var information = Shell.Run("dpkg-deb", "--info", Package());
        Assert.Contains("libbpf1", information, StringComparison.Ordinal);
        Assert.Contains(" /etc/devmapd/devmapd.conf", " " + Shell.Run("dpkg-deb", "--info", Package(), "conffiles"), StringComparison.Ordinal);
        var files = Shell.Run("dpkg-deb", "--contents", Package());
        Assert.All(files.TrimEnd().Split('\n'), line => Assert.Contains(" root/root ", line, StringComparison.Ordinal));
        Assert.All(
            ["libcoreclr.so", "libe_sqlite3.so", "devmapd.service", "devmapd.socket", "devmapd@.service", "sysusers.d/devmapd.conf", "tmpfiles.d/devmapd.conf",
                "man8/devmapd.8.gz", "man5/devmapd.conf.5.gz", "man1/devmapctl.1.gz", "bin/devmapctl", "completions/devmapd", "completions/devmapctl", "_devmapctl", "devmapctl.fish", "changelog.gz", "copyright"],
            name => Assert.Contains(name, files, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Package_IsInstalledUpgradedRemovedAndPurged_WhileFramesFlow()
    {
        Install(Package());
        Assert.Equal("active", _sandbox.Property("ActiveState"));
        Assert.Contains("\"ready\"", _sandbox.Run("devmapd", "check-ready"), StringComparison.Ordinal);
        Assert.Contains("devmapd.8", _sandbox.Run("man", "--where", "devmapd"), StringComparison.Ordinal);
        Assert.Contains("check-store", _sandbox.Run("bash", "-c", ". /usr/share/bash-completion/completions/devmapd; COMP_WORDS=(devmapd check-s); COMP_CWORD=1; _devmapd; echo ${COMPREPLY[*]}"), StringComparison.Ordinal);
        using var http = _sandbox.Connect();
        await http.AssertReadyAsync();

        await using var frames = await SteeredFrames.StartAsync(_sandbox.Network, http);
        await using (var watcher = new Watcher(_sandbox))
        {
            await using var clients = new SteadyClients(_sandbox);
            await watcher.SeeAsync(frames.Ingress, frames.Target);
            var pid = _sandbox.MainPid();

            Install(Package("+next"));
            Assert.NotEqual(pid, _sandbox.MainPid());
            using var upgraded = _sandbox.Connect();
            await upgraded.PutEntryAsync(Testbed.ByInterface, "1000", frames.Target);
            await watcher.SeeAsync("1000", frames.Target);
            await frames.FlowAsync();
            await clients.StopAsync();
            output.WriteLine($"connections during the upgrade: {string.Join(", ", clients.Outcomes)}");
            Assert.DoesNotContain(clients.Outcomes.Keys, outcome => outcome.StartsWith("connect", StringComparison.Ordinal));
        }

        _sandbox.Run("dpkg", "--remove", "devmapd");
        Assert.Equal("inactive", _sandbox.Property("ActiveState"));
        Assert.All(["/var/lib/devmapd/devmapd.db", "/sys/fs/bpf/devmapd/devmaps", SystemdSandbox.Settings], path => Assert.True(Exists(path), path));
        Assert.False(Exists("/usr/lib/devmapd"));
        await frames.FlowAsync();

        Install(Package());
        using var again = _sandbox.Connect();
        Assert.Equal(frames.Target, (await again.EntryAsync(Testbed.ByInterface, frames.Ingress)).Interface);
        Assert.True((await again.DevmapAsync(Testbed.ByInterface)).Status.Adopted);
        output.WriteLine($"{await frames.StopAsync()} frames, 0 lost");

        _sandbox.Run("dpkg", "--purge", "devmapd");
        Assert.DoesNotContain(Owned, Exists);
        Assert.DoesNotContain("devmapd", _sandbox.Run("getent", "passwd") + _sandbox.Run("getent", "group"), StringComparison.Ordinal);
        Assert.Equal("", _sandbox.Run("find", "/etc", "/usr", "/run", "/sys/fs/bpf", "/var/lib", "/var/cache", "-name", "*devmapd*"));
    }

    [Fact]
    public async Task Downgrade_IsRefusedWithTheVersionToUse()
    {
        Install(Package());
        _sandbox.Systemctl("stop", "devmapd.socket", SystemdSandbox.Service);
        await RaiseSchemaAsync();

        Assert.Throws<InvalidOperationException>(() => _sandbox.Systemctl("start", SystemdSandbox.Service));
        Assert.Contains("Use devmapd 9.8.7 or later with this store", _sandbox.Journal(), StringComparison.Ordinal);
        Assert.Equal("74", _sandbox.Property("ExecMainStatus"));
        _sandbox.Systemctl("stop", "devmapd.socket", SystemdSandbox.Service);
    }

    [Fact]
    public async Task Image_IsWhole_AndRunsAsAPodDoes()
    {
        var root = _sandbox.Outside("/srv/image");
        Unpack(Directory.GetFiles(Folder, "devmapd-*.oci.tar").Single(), root);
        Assert.False(File.Exists($"{root}/bin/sh"));

        Directory.CreateDirectory(_sandbox.Outside("/var/lib/devmapd"));
        Directory.CreateDirectory(_sandbox.Outside("/run/devmapd"));
        StartPod();
        using var http = _sandbox.Connect();
        await http.AssertReadyAsync();
        await using var frames = await SteeredFrames.StartAsync(_sandbox.Network, http);
        await frames.FlowAsync();

        _sandbox.Systemctl("stop", Pod);
        await frames.FlowAsync();
        StartPod();
        using var next = _sandbox.Connect();
        Assert.Equal("Forwarding", (await next.EntryAsync(Testbed.ByInterface, frames.Ingress)).Status.State);
        await frames.FlowAsync();
        output.WriteLine($"{await frames.StopAsync()} frames over the replacement of a pod, 0 lost");
    }

    // On a copy: SQLite resolves the links in a path itself, and would find the file of this machine.
    private async Task RaiseSchemaAsync()
    {
        var copy = Path.Combine(Directory.CreateTempSubdirectory().FullName, "devmapd.db");
        var file = _sandbox.Outside("/var/lib/devmapd/devmapd.db");
        File.Copy(file, copy);
        await using (var store = new SqliteConnection($"Data Source={copy};Mode=ReadWrite;Pooling=false"))
        {
            await store.OpenAsync();
            await using var command = store.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99; INSERT INTO releases VALUES (99, '9.8.7');";
            await command.ExecuteNonQueryAsync();
        }

        File.Copy(copy, file, overwrite: true); // keeps its owner
        Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
    }

    private static string Package(string suffix = "") =>
        Directory.GetFiles(Folder, "devmapd_*.deb").Single(path => path.Contains("+next", StringComparison.Ordinal) == (suffix.Length > 0));

    private bool Exists(string path) => Path.Exists(_sandbox.Outside(path));

    private void Install(string package)
    {
        File.Copy(package, _sandbox.Outside("/var/tmp/devmapd.deb"), overwrite: true);
        _sandbox.Run("dpkg", "--install", "/var/tmp/devmapd.deb");
    }

    // As the DaemonSet says: root without any but three capabilities, a read-only root, and four folders of the node.
    private void StartPod() => _sandbox.Run(
        "systemd-run", "--quiet", $"--unit={Pod}", "--service-type=notify", "--collect",
        "--property=RootDirectory=/srv/image", "--property=MountAPIVFS=yes", "--property=ProtectSystem=strict", "--property=NoNewPrivileges=yes",
        "--property=CapabilityBoundingSet=CAP_BPF CAP_NET_ADMIN CAP_PERFMON", "--property=BindPaths=/sys/fs/bpf /var/lib/devmapd /run/devmapd",
        "--property=ReadWritePaths=/sys/fs/bpf /var/lib/devmapd /run/devmapd", "--property=PrivateTmp=yes", "--setenv=DOTNET_EnableDiagnostics=0",
        "/usr/lib/devmapd/devmapd", "run");

    /// <summary>Checks every digest and size of an image, and unpacks its layers.</summary>
    private static void Unpack(string image, string root)
    {
        var layout = Directory.CreateTempSubdirectory();
        Shell.Run("tar", "-xf", image, "-C", layout.FullName);
        Assert.Equal("1.0.0", Read("oci-layout")["imageLayoutVersion"]!.GetValue<string>());
        var manifest = Read(Blob(Read("index.json")["manifests"]!.AsArray().Single()!));
        var config = Read(Blob(manifest["config"]!));
        Assert.Equal("/usr/lib/devmapd/devmapd", config["config"]!["Entrypoint"]![0]!.GetValue<string>());
        Directory.CreateDirectory(root);
        foreach (var (layer, whole) in manifest["layers"]!.AsArray().Zip(config["rootfs"]!["diff_ids"]!.AsArray()))
        {
            var path = Path.Combine(layout.FullName, Blob(layer!));
            Assert.Equal(whole!.GetValue<string>(), "sha256:" + Shell.Run("bash", "-c", $"gzip -dc {path} | sha256sum").Split(' ')[0]);
            Shell.Run("tar", "-xzf", path, "-C", root);
        }

        layout.Delete(recursive: true);

        JsonNode Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(layout.FullName, name)))!;

        string Blob(JsonNode descriptor)
        {
            var digest = descriptor["digest"]!.GetValue<string>().Split(':')[1];
            var content = File.ReadAllBytes(Path.Combine(layout.FullName, "blobs/sha256", digest));
            Assert.Equal((digest, descriptor["size"]!.GetValue<long>()), (Convert.ToHexStringLower(SHA256.HashData(content)), content.LongLength));
            return $"blobs/sha256/{digest}";
        }
    }
}
