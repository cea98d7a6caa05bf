using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Microsoft.Playwright;

namespace ControlPlane.EndToEndTests.Swagger;

/// <summary>A person with a browser steers the kernel.</summary>
public sealed class SwaggerUiTests : IAsyncLifetime
{
    private readonly string _pinRoot = $"/sys/fs/bpf/devmapd-{LabNames.Next()}";
    private DaemonProcess _daemon = null!;
    private Browser _browser = null!;

    private IPage Page => _browser.Page;

    public async Task InitializeAsync()
    {
        _daemon = await DaemonProcess.StartReadyAsync($"--ControlPlane:PinRoot={_pinRoot}");
        _browser = await Browser.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        // What is pinned outlives the daemon by design; here it must not.
        if (Directory.Exists(_pinRoot))
            Directory.Delete(_pinRoot, recursive: true);
    }

    [Fact]
    public async Task Put_ByHand_IsAnsweredAndInTheKernel()
    {
        var operation = await OpenAsync("Entries", "putEntry");
        await operation.Locator("tr[data-param-name='devmap'] input").FillAsync("default");
        await operation.Locator("tr[data-param-name='key'] input").FillAsync("lo");
        await operation.Locator("textarea.body-param__text").FillAsync("""{"interface": "lo", "labels": {"by": "hand"}}""");
        await operation.Locator("button.execute").ClickAsync();

        var answer = operation.Locator(".live-responses-table tr.response");
        await Assertions.Expect(answer.Locator(".response-col_status").First).ToContainTextAsync("201");
        await Assertions.Expect(answer.Locator(".response-col_description pre").First).ToContainTextAsync("\"hand\"");
        await _browser.ShootAsync("put-entry");

        var entry = await ReadAsync("/v1/devmaps/default/entries/lo");
        Assert.Equal("hand", entry["labels"]!["by"]!.GetValue<string>());
        var map = (await ReadAsync("/v1/devmaps/default"))["status"]!["kernelMapId"]!.GetValue<uint>();
        Assert.Equal([(entry["kernelKey"]!.GetValue<uint>(), entry["status"]!["ifindex"]!.GetValue<uint>())], Dump(map));
    }

    [Fact]
    public async Task Example_AsItStands_Works_AndAFaultIsShown()
    {
        var operation = await OpenAsync("Entries", "putEntry");
        await operation.Locator("button.execute").ClickAsync();
        var status = operation.Locator(".live-responses-table tr.response .response-col_status").First;
        await Assertions.Expect(status).ToContainTextAsync("201");

        await operation.Locator("textarea.body-param__text").FillAsync("""{"interface": "no such thing"}""");
        await operation.Locator("button.execute").ClickAsync();
        await Assertions.Expect(status).ToContainTextAsync("400");
        await Assertions.Expect(operation.Locator(".live-responses-table tr.response .response-col_description pre").First).ToContainTextAsync("invalid_argument");
    }

    [Fact]
    public async Task Page_ShowsEveryOperation_AndAsksNobodyElse()
    {
        await Page.GotoAsync(new Uri(_daemon.Rest, "/swagger").ToString());
        var operations = (await ReadAsync("/openapi/v1.json"))["paths"]!.AsObject().Sum(p => p.Value!.AsObject().Count);
        await Assertions.Expect(Page.Locator(".opblock")).ToHaveCountAsync(operations);
        await Assertions.Expect(Page).ToHaveTitleAsync("devmapd API");
        await _browser.ShootAsync("overview");
        Assert.Empty(_browser.Faults);
        Assert.All(_browser.Requests.Where(r => r.Scheme != "data"), r => Assert.Equal(_daemon.Rest.Authority, r.Authority));
    }

    /// <summary>The operation, opened by its deep link.</summary>
    private async Task<ILocator> OpenAsync(string tag, string operationId)
    {
        await Page.GotoAsync(new Uri(_daemon.Rest, $"/swagger/index.html#/{tag}/{operationId}").ToString());
        var operation = Page.Locator($"#operations-{tag}-{operationId}");
        await operation.Locator("button.execute").WaitForAsync();
        return operation;
    }

    private async Task<JsonNode> ReadAsync(string path)
    {
        using var client = new HttpClient();
        return (await client.GetFromJsonAsync<JsonNode>(new Uri(_daemon.Rest, path)))!;
    }

    /// <summary>Keys and targets of a map, as the kernel's own tool reads them.</summary>
    private static List<(uint Key, uint Ifindex)> Dump(uint mapId)
    {
        var json = JsonNode.Parse(Shell.Run("bpftool", "--json", "map", "dump", "id", mapId.ToString(CultureInfo.InvariantCulture)))!;
        return [.. json.AsArray().Select(e => (Number(e!["key"]!), Number(e["value"]!)))];

        static uint Number(JsonNode octets) => BinaryPrimitives.ReadUInt32LittleEndian(
            octets.AsArray().Take(4).Select(o => Convert.ToByte(o!.GetValue<string>(), 16)).ToArray());
    }
}
