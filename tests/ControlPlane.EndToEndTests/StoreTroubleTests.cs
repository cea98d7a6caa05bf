using System.Net;
using System.Net.Http.Json;
using ControlPlane.EndToEndTests.World;
using ControlPlane.Storage;
using Microsoft.Data.Sqlite;

namespace ControlPlane.EndToEndTests;

/// <summary>The disk is full, the store is locked or cannot be written: writes are refused whole, everything else goes on.</summary>
public sealed class StoreTroubleTests
{
    [Fact]
    public async Task DiskFull_RefusesWritesAndRecoversWhenThereIsRoom()
    {
        await using var site = await Site.StartAsync();
        await site.Home.StopAsync();
        // A small disk of the daemon's own, which goes with its mount namespace.
        site.Home.Wrapper = Mounted(site, "mount -t tmpfs -o size=8m tmpfs \"$0\"");
        await site.Home.StartAsync();
        var state = $"/proc/{site.Home.Daemon.Id}/root{site.Home.StateDirectory}";
        var (ingress, target) = await site.SteerAsync();
        var filler = Path.Combine(state, "filler");
        Fill(filler);

        await AssertRefusesAllAsync(site, ingress, target);

        File.Delete(filler);
        await AssertWritesAsync(site, target);
        AssertStored(state, await Facts.OfApiAsync(site.Home.Channel));
    }

    [Fact]
    public async Task Locked_RefusesWritesAndRecoversWhenItIsLetGo()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await site.SteerAsync();
        using (var other = new SqliteConnection($"Data Source={Path.Combine(site.Home.StateDirectory, SqliteStore.FileName)};Pooling=False"))
        {
            other.Open();
            using var held = other.BeginTransaction(deferred: false);

            await AssertRefusesAllAsync(site, ingress, target);
        }

        await AssertWritesAsync(site, target);
    }

    [Fact]
    public async Task ReadOnly_AtStart_IsRefusedAndFramesGoOn()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await site.SteerAsync();
        await site.Home.StopAsync();
        site.Home.Wrapper = Mounted(site, "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"");

        await using (var daemon = site.Home.Launch())
        {
            Assert.Equal(74, await daemon.WaitExitAsync());
            Assert.Contains($"The store at {Path.Combine(site.Home.StateDirectory, SqliteStore.FileName)}", daemon.StandardError, StringComparison.Ordinal);
        }

        site.Home.Wrapper = [];
        await site.Home.StartAsync();
        await site.AssertForwardsAsync(ingress, target);
    }

    // Of a copy: SQLite would resolve the path into the daemon's mount namespace to one of this.
    private static void AssertStored(string state, ApiView view)
    {
        var copy = Directory.CreateTempSubdirectory();
        foreach (var suffix in new[] { "", "-wal" })
            File.Copy(Path.Combine(state, SqliteStore.FileName + suffix), Path.Combine(copy.FullName, SqliteStore.FileName + suffix));
        Assert.Equal(view.ByName().OrderBy(f => f.Key, StringComparer.Ordinal), Facts.OfStore(copy.FullName).All.OrderBy(f => f.Key, StringComparer.Ordinal));
        copy.Delete(recursive: true);
    }

    private static string[] Mounted(Site site, string mount) => ["unshare", "--mount", "--", "sh", "-c", $"{mount} && exec \"$@\"", site.Home.StateDirectory];

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        for (var pages = 0; pages < 4096; pages++)
        {
            try
            {
                file.Write(page);
            }
            catch (IOException)
            {
                return; // No space left on device.
            }
        }

        Assert.Fail("the disk has more room than it was given");
    }

    /// <summary>Writes of each kind are refused as they have to be, and change nothing; reads and frames go on.</summary>
    private static async Task AssertRefusesAllAsync(Site site, Port ingress, Port target)
    {
        var before = (await Facts.OfApiAsync(site.Home.Channel)).ByName();
        var kernel = site.KernelElements(Site.ByInterface);
        var writes = new (HttpMethod Method, string Path, object? Body)[]
        {
            (HttpMethod.Put, $"/v1/devmaps/{Site.ByAddress}/entries/10.0.0.7", new { @interface = target.Name, egressProgram = Steering.Meter }),
            (HttpMethod.Put, $"/v1/devmaps/{Site.ByInterface}/entries/{ingress.Name}", new { @interface = "nosuch0", allowPending = true }),
            (HttpMethod.Delete, $"/v1/devmaps/{Site.ByInterface}/entries/{ingress.Name}", null),
            (HttpMethod.Delete, $"/v1/devmaps/{Site.ByInterface}/attachments/{ingress.Name}", null),
            (HttpMethod.Put, "/v1/programs/other", new { template = "drop" }),
        };
        foreach (var (method, path, body) in writes)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await site.Http.SendAsync(request);
            Assert.Equal((path, HttpStatusCode.ServiceUnavailable), (path, answer.StatusCode));
            Assert.Equal("store_unavailable", (await answer.Content.ReadFromJsonAsync<Problem>())!.Code);
            Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        }

        Assert.Equal(before, (await Facts.OfApiAsync(site.Home.Channel)).ByName());
        Assert.Equal(kernel, site.KernelElements(Site.ByInterface));
        Assert.Empty(site.KernelElements(Site.ByAddress));
        Assert.Equal([Steering.Meter], Directory.GetDirectories($"{site.Home.PinRoot}/programs").Select(Path.GetFileName));
        await site.AssertForwardsAsync(ingress, target);
    }

    private static async Task AssertWritesAsync(Site site, Port target)
    {
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.7", target.Name, Steering.Meter);
        Assert.Single(site.KernelElements(Site.ByAddress));
    }
}
