// SPDX-License-Identifier: Apache-2.0
// Puts, gets, fails and watches with clients that others generate from the OpenAPI documents. Prints PASS or FAIL for each.

using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;
using Newtonsoft.Json;

const string Devmap = "default";
var failed = false;

// Kiota over the unix socket.
var overSocket = new SocketsHttpHandler
{
    ConnectCallback = async (_, cancellation) =>
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Setting("SOCKET")), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    },
};
using var adapter = new HttpClientRequestAdapter(new AnonymousAuthenticationProvider(), httpClient: new HttpClient(overSocket)) { BaseUrl = "http://localhost" };
var kiota = new Kiota.DevmapdClient(adapter).V1.Devmaps[Devmap];

await CheckAsync("Kiota puts and gets", async () =>
{
    await kiota.Entries["40001"].PutAsync(new Kiota.Models.EntrySpec { Interface = "sim1" });
    Assert((await kiota.Entries["40001"].GetAsync())?.Spec?.Interface == "sim1");
});
await CheckAsync("Kiota fails with the problem", async () =>
{
    var problem = await FailsAsync<Kiota.Models.Problem>(() => kiota.Entries["49999"].GetAsync());
    Assert(problem.Code == "entry_not_found");
});
await CheckAsync("Kiota watches", async () =>
{
    await using var stream = (await kiota.Events.GetAsync())!;
    Assert((await FirstAsync(stream))["type"]!.GetValue<string>() == "entry");
});

// NSwag over TCP, with a token.
using var overTcp = new HttpClient { BaseAddress = new Uri(Setting("HTTP")) };
overTcp.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Setting("TOKEN"));
var nswag = new WatchingClient(overTcp);

await CheckAsync("NSwag puts and gets", async () =>
{
    await nswag.PutEntryAsync(Devmap, "40002", body: new NSwag.EntrySpec { Interface = "sim1" });
    Assert((await nswag.GetEntryAsync(Devmap, "40002")).Spec.Interface == "sim1");
});
await CheckAsync("NSwag fails with the problem", async () =>
{
    var problem = await FailsAsync<NSwag.ApiException<NSwag.Problem>>(() => nswag.GetEntryAsync(Devmap, "49999"));
    Assert(problem.Result.Code == "entry_not_found");
});
await CheckAsync("NSwag watches", async () => Assert((await nswag.WatchDevmapAsync(Devmap)).Entry.Spec.Interface.Length > 0));
return failed ? 1 : 0;

static string Setting(string name) => Environment.GetEnvironmentVariable($"DEVMAPD_{name}") ?? throw new InvalidOperationException($"no DEVMAPD_{name}");

static void Assert(bool condition)
{
    if (!condition)
        throw new InvalidOperationException("the answer is another");
}

static async Task<T> FailsAsync<T>(Func<Task> call)
    where T : Exception
{
    try
    {
        await call();
    }
    catch (T expected)
    {
        return expected;
    }

    throw new InvalidOperationException("the call succeeded");
}

async Task CheckAsync(string name, Func<Task> check)
{
    try
    {
        await check().WaitAsync(TimeSpan.FromSeconds(30));
        Console.WriteLine($"PASS {name}");
    }
    catch (Exception e)
    {
        Console.WriteLine($"FAIL {name}: {e} {(e is NSwag.ApiException<NSwag.Problem> { Result: var p } ? p.Detail : null)}");
        failed = true;
    }
}

/// <summary>Reads the data of the first event of a stream of Server-Sent Events.</summary>
static async Task<JsonNode> FirstAsync(Stream stream)
{
    using var reader = new StreamReader(stream);
    while (await reader.ReadLineAsync() is { } line)
    {
        if (line.StartsWith("data: ", StringComparison.Ordinal))
            return JsonNode.Parse(line["data: ".Length..])!;
    }

    throw new InvalidOperationException("the stream ended");
}

/// <summary>NSwag expects one object where a stream comes: this reads the first event. A call with its revision gives the next.</summary>
internal sealed class WatchingClient(HttpClient http) : NSwag.DevmapdClient(http)
{
    protected override async Task<ObjectResponseResult<T>> ReadObjectResponseAsync<T>(
        HttpResponseMessage response, IReadOnlyDictionary<string, IEnumerable<string>> headers, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            return await base.ReadObjectResponseAsync<T>(response, headers, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return new ObjectResponseResult<T>(JsonConvert.DeserializeObject<T>(line["data: ".Length..], JsonSerializerSettings)!, line);
        }

        throw new InvalidOperationException("the stream ended");
    }
}
