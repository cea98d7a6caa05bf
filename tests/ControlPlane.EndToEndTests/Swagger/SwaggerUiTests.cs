using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Microsoft.Playwright;

namespace ControlPlane.EndToEndTests.Swagger;

/// <summary>Swagger UI in a browser, with the real kernel behind it.</summary>
public sealed class SwaggerUiTests(SwaggerUiTests.Setup setup) : IClassFixture<SwaggerUiTests.Setup>, IAsyncLifetime
{
    private BrowserPage _page = null!;

    private IPage Page => _page.Page;

    private Testbed Testbed => setup.Testbed;

    private Uri Address => Testbed.Runner.Daemon.Rest;

    public async Task InitializeAsync() => _page = await setup.Browser.OpenPageAsync(setup.Token);

    public async Task DisposeAsync()
    {
        await _page.DisposeAsync();
        await Testbed.RemoveResourcesAsync();
    }

    [Fact]
    public async Task Put_TypedIntoTheForm_IsAnsweredAndInTheKernel()
    {
        var operation = await OpenAsync("entries", "putEntry");
        await operation.Locator("tr[data-param-name='devmap'] input").FillAsync("default");
        await operation.Locator("tr[data-param-name='key'] input").FillAsync("lo");
        await operation.Locator("textarea.body-param__text").FillAsync("""{"interface": "lo", "labels": {"by": "hand"}}""");
        await operation.Locator("button.execute").ClickAsync();

        var answer = operation.Locator(".live-responses-table tr.response");
        await Assertions.Expect(answer.Locator(".response-col_status").First).ToContainTextAsync("201");
        await Assertions.Expect(answer.Locator(".response-col_description pre").First).ToContainTextAsync("\"hand\"");
        await _page.ShootAsync("put-entry");

        var entry = await ReadAsync("/v1/devmaps/default/entries/lo");
        Assert.Equal("hand", entry["spec"]!["labels"]!["by"]!.GetValue<string>());
        Assert.Equal(
            [KeyValuePair.Create(entry["status"]!["kernelKey"]!.GetValue<uint>(), entry["status"]!["ifindex"]!.GetValue<uint>())],
            Testbed.KernelMap(Testbed.ByInterface));
    }

    [Fact]
    public async Task Example_Unchanged_Works_AndAnErrorIsShown()
    {
        var operation = await OpenAsync("entries", "putEntry");
        await operation.Locator("button.execute").ClickAsync();
        var status = operation.Locator(".live-responses-table tr.response .response-col_status").First;
        await Assertions.Expect(status).ToContainTextAsync("201");

        await operation.Locator("textarea.body-param__text").FillAsync("""{"interface": "no such thing"}""");
        await operation.Locator("button.execute").ClickAsync();
        await Assertions.Expect(status).ToContainTextAsync("400");
        await Assertions.Expect(operation.Locator(".live-responses-table tr.response .response-col_description pre").First).ToContainTextAsync("invalid_argument");
    }

    [Fact]
    public async Task Page_ShowsEveryOperation_AndLoadsNothingFromElsewhere()
    {
        await Page.GotoAsync(new Uri(Address, "/swagger").ToString());
        var operations = (await ReadAsync("/openapi/v1.json"))["paths"]!.AsObject().Sum(p => p.Value!.AsObject().Count);
        await Assertions.Expect(Page.Locator(".opblock")).ToHaveCountAsync(operations);
        await Assertions.Expect(Page).ToHaveTitleAsync("devmapd API");
        await _page.ShootAsync("overview");
        Assert.Empty(_page.Faults);
        Assert.All(_page.Requests.Where(r => r.Scheme != "data"), r => Assert.Equal(Address.Authority, r.Authority));
    }

    [Fact]
    public async Task Authorize_TakesAToken()
    {
        await using var opened = await setup.Browser.OpenPageAsync();
        var page = opened.Page;
        var operation = await OpenAsync(page, Address, "entries", "putEntry");
        await operation.Locator("button.execute").ClickAsync();
        var status = operation.Locator(".live-responses-table tr.response .response-col_status").First;
        await Assertions.Expect(status).ToContainTextAsync("401");
        await opened.ShootAsync("unauthenticated");

        await page.Locator(".auth-wrapper button.authorize").ClickAsync();
        await page.Locator(".modal-ux input").FillAsync(setup.Token);
        await opened.ShootAsync("authorize");
        await page.Locator(".modal-ux button.authorize").ClickAsync();
        await page.Locator(".modal-ux button.btn-done").ClickAsync();
        await operation.Locator("button.execute").ClickAsync();
        await Assertions.Expect(status).ToContainTextAsync("201");
        await opened.ShootAsync("authorized");
    }

    [Fact]
    public async Task LoginLink_OpensThePage_WhichCanWriteThen()
    {
        await using var daemon = await TerminalDaemon.StartAsync(CancellationToken.None);
        await using var opened = await setup.Browser.OpenPageAsync();
        await opened.Page.GotoAsync(daemon.Link.ToString());
        await opened.Page.WaitForURLAsync("**/swagger/index.html");
        // The page reads a deep link when it is loaded.
        await opened.Page.GotoAsync("about:blank");
        var operation = await OpenAsync(opened.Page, daemon.Rest, "entries", "putEntry");
        await operation.Locator("button.execute").ClickAsync();
        await Assertions.Expect(operation.Locator(".live-responses-table tr.response .response-col_status").First).ToContainTextAsync("201");
        await opened.ShootAsync("logged-in");
    }

    private Task<ILocator> OpenAsync(string tag, string operationId) => OpenAsync(Page, Address, tag, operationId);

    /// <summary>Opens an operation by its deep link.</summary>
    private static async Task<ILocator> OpenAsync(IPage page, Uri address, string tag, string operationId)
    {
        await page.GotoAsync(new Uri(address, $"/swagger/index.html#/{tag}/{operationId}").ToString());
        var operation = page.Locator($"#operations-{tag}-{operationId}");
        await operation.Locator("button.execute").WaitForAsync();
        return operation;
    }

    private async Task<JsonNode> ReadAsync(string path) => (await Testbed.Http.GetFromJsonAsync<JsonNode>(path))!;

    /// <summary>One daemon and one browser for all tests of the class.</summary>
    public sealed class Setup : IAsyncLifetime
    {
        internal Testbed Testbed { get; private set; } = null!;

        internal Browser Browser { get; private set; } = null!;

        internal string Token { get; private set; } = "";

        public async Task InitializeAsync()
        {
            Testbed = await Testbed.StartAsync(NetworkNamespace.Initial); // where the browser can reach its loopback
            Token = await Testbed.Runner.Daemon.CreateTokenAsync("swagger");
            Browser = await Browser.StartAsync();
        }

        public async Task DisposeAsync()
        {
            if (Browser is not null)
                await Browser.DisposeAsync();
            if (Testbed is not null)
                await Testbed.DisposeAsync();
        }
    }
}
