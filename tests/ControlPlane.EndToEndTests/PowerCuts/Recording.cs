using System.Globalization;
using System.Net.Http.Json;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Disk;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.PowerCuts;

/// <summary>A life of the store under writes of many clients, recorded.</summary>
/// <param name="space">The network namespace of the daemon.</param>
/// <param name="runner">Runs the daemon.</param>
/// <param name="shim">Records what the daemon writes and flushes.</param>
internal sealed class Recording(NetworkNamespace space, DaemonRunner runner, StoreShim shim)
{
    private const int Clients = 8;
    private const int WritesPerClient = 25;
    private const int SwappedEntries = 300; // more than a swap changes at once: it is stored as one record
    private const int Swaps = 8;

    private readonly List<WriteHistory> _histories = [];

    /// <summary>The writes, by resource.</summary>
    public IReadOnlyList<WriteHistory> Histories => _histories;

    /// <summary>The number of writes that were answered with success.</summary>
    public int Acknowledged => _histories.Sum(h => h.Acknowledged);

    /// <summary>The store is made and written by many at once; its daemon is killed, started, stopped and started again.</summary>
    public async Task RecordAsync()
    {
        using var pair = VethPair.Create(space);
        var clients = Enumerable.Range(0, Clients).Select(Client).ToList();
        var swapped = Swapping(pair.Name);
        await runner.StartAsync();
        await PutSwappedAsync(pair.Name);
        await WriteAsync(clients, swapped);
        await runner.KillAsync();
        await runner.StartAsync();
        await WriteAsync(clients, swapped);
        await runner.StopAsync();
        await runner.StartAsync();
        await WriteAsync(clients, swapped);
        await runner.KillAsync();
        Assert.True(Acknowledged > Clients * WritesPerClient);
    }

    private static Task WriteAsync(IReadOnlyList<Func<Task>> clients, Func<Task> swapping) => Task.WhenAll([.. clients.Select(client => client()), swapping()]);

    private Func<Task> Client(int number)
    {
        var random = new Random(number);
        var histories = Enumerable.Range(0, 3).Select(n => Add($"entries/{(number * 3) + n + 1}"))
            .Append(Add($"programs/p{number}")).Append(Add($"attachments/gone{number}")).Append(Add($"tokens/t{number}")).ToList();
        return async () =>
        {
            for (var i = 0; i < WritesPerClient; i++)
                await WriteOneAsync(histories[random.Next(histories.Count)], deletes: random.Next(4) == 0);
        };
    }

    private WriteHistory Add(string resource)
    {
        var history = new WriteHistory(resource, shim);
        _histories.Add(history);
        return history;
    }

    private Task<bool> WriteOneAsync(WriteHistory history, bool deletes)
    {
        var (kind, name) = (history.Resource.Split('/')[0], history.Resource.Split('/')[1]);
        var path = kind is "entries" or "attachments" ? $"/v1/devmaps/vlans/{history.Resource}" : $"/v1/{history.Resource}";
        if (deletes)
            return history.WriteAsync(null, async () => await SendAsync(HttpMethod.Delete, path, null) is 204 or 404);
        var value = history.Next.ToString(CultureInfo.InvariantCulture);
        var labels = new Dictionary<string, string> { ["write"] = value };
        (HttpMethod Method, string Path, object Body) write = kind switch
        {
            "entries" => (HttpMethod.Put, $"{path}?allowPending=true", new { @interface = "nosuch0", labels }),
            "attachments" => (HttpMethod.Put, $"{path}?allowPending=true", new { mode = "native", labels }),
            // A token never changes: one that exists is refused, which is no write.
            "tokens" => (HttpMethod.Post, "/v1/tokens", new { name, role = "viewer", labels }),
            _ => (HttpMethod.Put, path, new { template = "count", labels }),
        };
        return history.WriteAsync(value, async () => await SendAsync(write.Method, write.Path, write.Body) is 200 or 201);
    }

    private async Task PutSwappedAsync(string target)
    {
        foreach (var program in new[] { "swap0", "swap1" })
            Assert.Equal(201, await SendAsync(HttpMethod.Put, $"/v1/programs/{program}", new { template = "count" }));
        await Parallel.ForAsync(0, SwappedEntries, async (n, _) =>
            Assert.Equal(201, await SendAsync(HttpMethod.Put, $"/v1/devmaps/vlans/entries/{2000 + n}", new { @interface = target })));
    }

    // All entries of a target change their program in one write.
    private Func<Task> Swapping(string target)
    {
        var history = Add("swap");
        return async () =>
        {
            for (var i = 0; i < Swaps; i++)
            {
                var program = $"swap{history.Next % 2}";
                await history.WriteAsync(program, async () =>
                    await SendAsync(HttpMethod.Post, $"/v1/interfaces/{target}:setEgressProgram", new { egressProgram = program }) == 200);
            }
        };
    }

    private async Task<int> SendAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await runner.Http.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
