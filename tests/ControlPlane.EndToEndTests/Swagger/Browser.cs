using Microsoft.Playwright;

namespace ControlPlane.EndToEndTests.Swagger;

/// <summary>One page in the machine's own Chromium, without a window. It keeps what went wrong on the page.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser, IPage page) => (_playwright, _browser, Page) = (playwright, browser, page);

    public IPage Page { get; }

    /// <summary>Errors of the console, and requests that failed.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Everything the page asked for.</summary>
    public List<Uri> Requests { get; } = [];

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
        var page = await chromium.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 1000 } });
        page.SetDefaultTimeout(30_000);
        var browser = new Browser(playwright, chromium, page);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                browser.Faults.Add(message.Text);
        };
        page.PageError += (_, error) => browser.Faults.Add(error);
        page.RequestFailed += (_, request) => browser.Faults.Add($"{request.Url}: {request.Failure}");
        page.Request += (_, request) => browser.Requests.Add(new Uri(request.Url));
        return browser;
    }

    /// <summary>Takes a picture, for people, when DEVMAPD_SCREENSHOTS names a folder.</summary>
    public async Task ShootAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("DEVMAPD_SCREENSHOTS") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
