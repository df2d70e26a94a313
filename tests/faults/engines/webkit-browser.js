// A browser of few lines for gjs: tabs, a profile on disk, and the door for WebKitWebDriver. MiniBrowser keeps
// nothing when it is driven.
// Arguments: the profile's folder; --automation or an address.
// @ts-nocheck: the types of `gi://` modules are in no package.
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=3.0';
import WebKit from 'gi://WebKit2?version=4.1';

const [folder, address] = ARGV;
Gtk.init(null);

const data = new WebKit.WebsiteDataManager({
  base_data_directory: `${folder}/data`,
  base_cache_directory: `${folder}/cache`,
});
const context = new WebKit.WebContext({
  // As Safari has it.
  process_swap_on_cross_site_navigation_enabled: true,
  website_data_manager: data,
});
const cookieFile = `${folder}/cookies.sqlite`;
context.get_cookie_manager().set_persistent_storage(cookieFile, WebKit.CookiePersistentStorage.SQLITE);

const tabs = new Gtk.Notebook();
const window = new Gtk.Window({ default_width: 1_000, default_height: 700 });
window.connect('destroy', () => Gtk.main_quit());
window.add(tabs);
window.show_all();

function openTab(properties) {
  const tab = new WebKit.WebView({ web_context: context, ...properties });
  tab.get_settings().javascript_can_open_windows_automatically = true;
  const content = tab.get_user_content_manager();
  for (const script of initScripts()) content.add_script(script);
  content.register_script_message_handler('browser');
  content.connect('script-message-received::browser', (_, message) => faults[message.get_js_value().to_string()]());
  tab.connect('create', () => openTab({ related_view: tab }));
  tab.connect('close', () => tab.destroy());
  tab.show();
  tabs.set_current_page(tabs.append_page(tab, null));
  return tab;
}

/** What pages may ask for, because the driver has no words for it. */
const faults = {
  /** Every request goes to a proxy that is not there. The page is not told that it is offline. */
  offline() {
    data.set_network_proxy_settings(
      WebKit.NetworkProxyMode.CUSTOM,
      new WebKit.NetworkProxySettings('http://127.0.0.1:9', null),
    );
  },
  online() {
    data.set_network_proxy_settings(WebKit.NetworkProxyMode.DEFAULT, null);
  },
  /** Puts up a content blocker, as Safari has them, in the tabs there are. */
  block() {
    const store = new WebKit.UserContentFilterStore({ path: `${folder}/filters` });
    const rules = [{ trigger: { 'url-filter': '.*' }, action: { type: 'block' } }];
    store.save('all', new TextEncoder().encode(JSON.stringify(rules)), null, (_, saved) => {
      const filter = store.save_finish(saved);
      for (const tab of tabs.get_children()) tab.get_user_content_manager().add_filter(filter);
    });
  },
};

/** What runs in each page before anything of its own. */
function initScripts() {
  const file = `${folder}/init-scripts.json`;
  if (!GLib.file_test(file, GLib.FileTest.EXISTS)) return [];
  const [, bytes] = GLib.file_get_contents(file);
  const { TOP_FRAME } = WebKit.UserContentInjectedFrames;
  const { START } = WebKit.UserScriptInjectionTime;
  return JSON.parse(new TextDecoder().decode(bytes)).map((source) =>
    WebKit.UserScript.new(source, TOP_FRAME, START, null, null),
  );
}

if (address === '--automation') {
  context.set_automation_allowed(true);
  context.connect('automation-started', (_, session) => {
    const info = new WebKit.ApplicationInfo();
    info.set_name('WebKitGTK');
    info.set_version(WebKit.get_major_version(), WebKit.get_minor_version(), WebKit.get_micro_version());
    session.set_application_info(info);
    session.connect('create-web-view', () => openTab({ is_controlled_by_automation: true }));
  });
} else {
  openTab({}).load_uri(address);
}

Gtk.main();
