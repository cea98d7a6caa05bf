using Microsoft.Playwright;

namespace ControlPlane.EndToEndTests.Swagger;

/// <summary>The machine's own Chromium, without a window.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var chromium = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Environment.GetEnvironmentVariable("DEVMAPD_CHROMIUM") ?? "/usr/bin/chromium",
            Headless = true,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
        return new Browser(playwright, chromium);
    }

    /// <summary>Opens a page that shares nothing with other pages.</summary>
    /// <param name="token">A token that the page sends with its requests; null for none.</param>
    public async Task<BrowserPage> OpenPageAsync(string? token = null) => new(await _browser.NewPageAsync(new BrowserNewPageOptions
    {
        ViewportSize = new ViewportSize { Width = 1280, Height = 1000 },
        ExtraHTTPHeaders = token is null ? null : [new("Authorization", $"Bearer {token}")],
    }));

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}

/// <summary>A page, with its errors and requests.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    public BrowserPage(IPage page)
    {
        Page = page;
        page.SetDefaultTimeout(30_000);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                Faults.Add(message.Text);
        };
        page.PageError += (_, error) => Faults.Add(error);
        page.RequestFailed += (_, request) => Faults.Add($"{request.Url}: {request.Failure}");
        page.Request += (_, request) => Requests.Add(new Uri(request.Url));
    }

    public IPage Page { get; }

    /// <summary>Errors on the console, and failed requests.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>All requests of the page.</summary>
    public List<Uri> Requests { get; } = [];

    /// <summary>Takes a screenshot if DEVMAPD_SCREENSHOTS names a folder.</summary>
    public async Task ShootAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("DEVMAPD_SCREENSHOTS") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }

    public async ValueTask DisposeAsync() => await Page.CloseAsync();
}
