using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using ControlPlane.Client;
using ControlPlane.TestCommon;
using ControlPlane.Testing;
using Devmapd.V1;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.ClientTests;

/// <summary>The samples of the packages' READMEs: each stands here as it is there, and runs.</summary>
public sealed partial class SampleTests
{
    private static readonly CancellationToken cancellation = CancellationToken.None;

    [Fact]
    public async Task First_WritesAndLists()
    {
        await using var host = await StartAsync();
        var address = host.Address;

        using var client = DevmapdClient.Connect(address); // "unix:/run/devmapd/devmapd.sock" unless given
        await client.PutAttachmentAsync("default", "veth-a", new AttachmentSpec { Mode = AttachMode.Auto });
        var entry = await client.PutEntryAsync("default", "veth-a", new EntrySpec { Interface = "veth-b" });
        Console.WriteLine($"{entry.Key} {entry.Status.State}");
        await foreach (var found in client.ListEntriesAsync(new ListEntriesRequest { Devmap = "default" }))
            Console.WriteLine($"{found.Key} -> {found.Spec.Interface}");

        Assert.Equal(EntryState.Forwarding, entry.Status.State);
    }

    [Fact]
    public void Remote_ConnectsWithACertificate()
    {
        var folder = Directory.CreateTempSubdirectory("devmapd-test-").FullName;
        var (certificate, key, authority) = (Path.Combine(folder, "own.pem"), Path.Combine(folder, "own.key"), Path.Combine(folder, "ca.pem"));
        using (var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            var request = new CertificateRequest("CN=sample", pair, HashAlgorithmName.SHA256);
            using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            File.WriteAllText(certificate, made.ExportCertificatePem());
            File.WriteAllText(authority, made.ExportCertificatePem());
            File.WriteAllText(key, pair.ExportPkcs8PrivateKeyPem());
        }

        using var remote = DevmapdClient.Connect("https://edge1:5443", new DevmapdClientOptions
        {
            ClientCertificate = X509Certificate2.CreateFromPemFile(certificate, key),
            ServerAuthorities = [X509CertificateLoader.LoadCertificateFromFile(authority)],
        });

        Assert.NotNull(remote);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Error_HasACode()
    {
        await using var host = await StartAsync();
        var client = host.Client;
        await client.PutEntryAsync("default", "veth-a", new EntrySpec { Interface = "veth-b" });
        var before = (await client.GetHostAsync()).Revision;

        try
        {
            await client.PutEntryAsync("default", "veth-a", new EntrySpec { Interface = "veth-b" }, expectedRevision: 0);
        }
        catch (DevmapdException e) when (e.Code == DevmapdErrors.AlreadyExists)
        {
            Console.WriteLine($"{e.Resource} is there already. {e.Remedy?.Summary}");
        }

        Assert.Equal(before, (await client.GetHostAsync()).Revision);
    }

    [Fact]
    public async Task Watch_KnowsTheContent()
    {
        await using var host = await StartAsync();
        var client = host.Client;
        await client.PutEntryAsync("default", "veth-a", new EntrySpec { Interface = "veth-b" });
        var entries = new Dictionary<string, EntryState>();

        await foreach (var item in client.WatchAsync("default", cancellationToken: cancellation))
        {
            if (item.BeginsSnapshot)
                entries.Clear();
            else if (item.Event!.Entry is { } changed)
                entries[changed.Key] = changed.Status.State;
            else if (item.Event.EntryDeleted is { } deleted)
                entries.Remove(deleted.Key);
            else if (item.Event.Synced is not null)
                break; // the whole content is known; changes would follow
        }

        Assert.Equal(["veth-a"], entries.Keys);
    }

    [Fact]
    public async Task Lease_EndsWithItsEntries()
    {
        await using var host = await StartAsync();
        var client = host.Client;
        {
            await using var lease = await client.HoldLeaseAsync("orchestrator", TimeSpan.FromSeconds(30));
            await client.PutEntryAsync("default", "veth-c", new EntrySpec { Interface = "veth-b", Lease = lease.Name });
            Assert.Equal(1, (await client.GetLeaseAsync("orchestrator")).Status.Entries);
        }

        Assert.Empty(await client.ListLeasesAsync());
        Assert.Equal(DevmapdErrors.EntryNotFound, (await Assert.ThrowsAsync<DevmapdException>(() => client.GetEntryAsync("default", "veth-c"))).Code);
    }

    [Fact]
    public async Task Container_HasOneClient()
    {
        await using var host = await StartAsync();
        var (services, address) = (new ServiceCollection(), host.Address);

        services.AddDevmapClient(address, provider => new DevmapdClientOptions { Deadline = TimeSpan.FromSeconds(5) });

        await using var built = services.BuildServiceProvider();
        Assert.Same(built.GetRequiredService<IDevmapClient>(), built.GetRequiredService<DevmapdClient>());
        Assert.True((await built.GetRequiredService<IDevmapClient>().GetHostAsync()).Simulated);
    }

    [Fact]
    public async Task Testing_InterfacesComeAndGo()
    {
        await using var host = await SimulatedDevmapd.StartAsync();
        host.AddInterface("veth1");
        host.AddInterface("veth2");
        await host.Client.PutEntryAsync("default", "veth1", new EntrySpec { Interface = "veth2" });
        host.RemoveInterface("veth2");
        var entry = await host.Client.GetEntryAsync("default", "veth1"); // its state is Pending

        Assert.Equal(EntryState.Pending, entry.Status.State);
    }

    [Theory]
    [InlineData("src/ControlPlane.Client/README.md")]
    [InlineData("src/ControlPlane.Testing/README.md")]
    public void Readme_HasTheSamplesOfThisFile(string readme)
    {
        var here = Flat(File.ReadAllText(Repository.PathOf("tests/ControlPlane.ClientTests/SampleTests.cs")));
        var samples = CodeBlock().Matches(File.ReadAllText(Repository.PathOf(readme))).Select(m => Flat(m.Groups[1].Value)).ToList();
        Assert.NotEmpty(samples);
        Assert.All(samples, sample => Assert.Contains(sample, here, StringComparison.Ordinal));
    }

    // Indentation differs.
    private static string Flat(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static async Task<SimulatedDevmapd> StartAsync()
    {
        var host = await SimulatedDevmapd.StartAsync();
        foreach (var name in new[] { "veth-a", "veth-b", "veth-c" })
            host.AddInterface(name);
        return host;
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
