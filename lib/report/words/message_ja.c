/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/words/message.h"

/* What the report says in Japanese. */
const char *const nt_message_ja[NT_MESSAGES] = {
    /* the report */
    [NT_MSG_TITLE_REPORT] = "インターネット観測レポート {period}",
    [NT_MSG_TITLE_BASIS] = "集計の対象",
    [NT_MSG_ABOUT_GROUP] = "本レポートは、グループ {group} のセンサー {sensors} 台が {days} に受信し"
			   "たパケットを集計し、{compared} と比較したものです。",
    [NT_MSG_ABOUT_SENSORS] = "本レポートは、センサー {sensors} 台が {days} に受信したパケットを集計し、{com"
			     "pared} と比較したものです。",
    [NT_MSG_FRAMES] = "受信したパケットは {packets} 件、送信元アドレス数は {hosts} でした。",
    [NT_MSG_FRAMES_AT_LEAST] = "受信したパケットは {packets} 件、送信元アドレス数は {hosts} 以上でした。",
    [NT_MSG_NOTE_HOSTS] = "送信元アドレス数は、多いときは推定値です（標準誤差 0.81 %）。",
    [NT_MSG_NOTE_UTC] = "日付は UTC によります。",
    [NT_MSG_NOTE_ZONE] = "日付は {zone} によります（1日は UTC の {hour} に始まります）。時刻は UTC です。",
    [NT_MSG_BASIS] = "センサー {sensors} 台、観測アドレス数 {addresses}、取りこぼしたパケット {l"
		     "ost} 件、欠測区間 {missing}／{expected}。",
    [NT_MSG_BASIS_UNSTATED] = "観測アドレス数が不明なセンサー {n} 台。",
    [NT_MSG_BASIS_LOSS_UNKNOWN] = "取りこぼしの有無が不明な区間 {n}。",
    [NT_MSG_BASIS_GEO] = "地域データベースの日付 {days}。",
    [NT_MSG_BASIS_NO_GEO] = "地域データベースなし。",
    [NT_MSG_SHOWN] = "全 {all} 行のうち先頭の {n} 行。すべての行はデータにあります。",
    [NT_MSG_EMPTY] = "-",
    /* missing data */
    [NT_MSG_GAPS_HOURS] = "全 {all} 時間のうち {n} 時間はデータがなく、グラフは途切れています。",
    [NT_MSG_GAPS] = "{days} はデータがなく、グラフは途切れています。",
    [NT_MSG_PARTIAL] = "{days} はデータの一部しかなく、比較の対象から除いています。",
    [NT_MSG_MORE] = "{days} は通常より多くのセンサーまたは時間帯のデータがあり、比較の対象から除いています。",
    [NT_MSG_LINE_UNKNOWN] = "{line} は {n} 日分の値が不明です。",
    [NT_MSG_DAYS_UNKNOWN] = "{n} 日分は、送信元の記録が保存期間を過ぎたか、データがないため不明です。",
    [NT_MSG_NOTE_AT_LEAST] = "≥ の付いた値は下限値です（内訳の一部が保存されていません）。",
    [NT_MSG_BOUNDS] = "{line} は {all} 日分のうち {n} 日分の値が下限値のため、推移は述べていません。",
    [NT_MSG_FEW_COMPARED] =
	"データがそろっているのは {all} 日のうち {n} 日（{days} の間）だけです。傾向、水準の変化、線の交差は、"
	"これらの日だけを比較したものです。",
    [NT_MSG_FEW_NOTHING] = "データがそろっているのは {all} 日のうち {n} 日だけで、線の推移を述べるには足りません。",
    [NT_MSG_NO_PREVIOUS] = "{compared} のデータがないため、前期の順位は不明です。",
    /* ranks */
    [NT_MSG_TITLE_T1] = "T1 宛先ポート番号別パケット数 トップ5",
    [NT_MSG_TITLE_T2] = "T2 送信元地域別パケット数 トップ5",
    [NT_MSG_TITLE_F1] = "F1 宛先ポート番号別パケット数の推移（日別）",
    [NT_MSG_TITLE_F1_HOSTS] = "F1 宛先ポート番号別送信元ホスト数の推移（日別）",
    [NT_MSG_TITLE_F2] = "F2 送信元地域別パケット数の推移（日別）",
    [NT_MSG_TITLE_F2_HOSTS] = "F2 送信元地域別ホスト数の推移（日別）",
    [NT_MSG_RANK_SAME] = "{line} は前期（{compared}）と同じ {rank} 位でした。",
    [NT_MSG_RANK_UP] = "{line} は前期（{compared}）の {previous} 位から {rank} 位に上が"
		       "りました。",
    [NT_MSG_RANK_DOWN] = "{line} は前期（{compared}）の {previous} 位から {rank} 位に下が"
			 "りました。",
    [NT_MSG_RANK_NEW] = "{line} は {rank} 位でした。前期（{compared}）には観測されていません。",
    [NT_MSG_NOTE_SERVICES] = "サービス名はポート番号の登録名であり、実際の通信内容を示すものではありません。割合は、宛"
			     "先ポートを持つパケット全体"
			     "に対するものです。",
    [NT_MSG_NOTE_UNKNOWN_REGION] = "送信元の地域が不明なパケット {packets} 件は順位に含みません。",
    /* what lines did */
    [NT_MSG_UNIT_PACKETS] = "件",
    [NT_MSG_UNIT_HOSTS] = "ホスト",
    [NT_MSG_UNIT_SOURCES] = "件",
    [NT_MSG_UNIT_SHARE] = "（割合）",
    [NT_MSG_UNIT_PACKET] = "件",
    [NT_MSG_UNIT_HOST] = "ホスト",
    [NT_MSG_UNIT_SOURCE] = "件",
    [NT_MSG_TREND_NOTHING] = "{line} はほとんどの日に 0 {unit}でした。",
    [NT_MSG_TREND_FLAT] = "{line} はほぼ横ばいで、1日あたり約 {last} {unit}でした。",
    [NT_MSG_TREND_RISE] = "{line} は1日あたり約 {first} {unit}から約 {last} {unit}へ増加し"
			  "ました。",
    [NT_MSG_TREND_FALL] = "{line} は1日あたり約 {first} {unit}から約 {last} {unit}へ減少し"
			  "ました。",
    [NT_MSG_TREND_SLIGHT_RISE] = "{line} は1日あたり約 {first} {unit}から約 {last} {unit}へ緩やか"
				 "に増加し続けました。",
    [NT_MSG_TREND_SLIGHT_FALL] = "{line} は1日あたり約 {first} {unit}から約 {last} {unit}へ緩やか"
				 "に減少し続けました。",
    [NT_MSG_TREND_RISE_BESIDES] = "{line} は水準の変化を除いても増加しました。",
    [NT_MSG_TREND_FALL_BESIDES] = "{line} は水準の変化を除いても減少しました。",
    [NT_MSG_TREND_UP_AND_DOWN] = "{line} は増減を繰り返しました。",
    [NT_MSG_TREND_SURGES] = "{line} は {n} 回急増しました（{dates}）。",
    [NT_MSG_TREND_SURGES_ON_RISE] = "{line} は1日あたり約 {first} {unit}から約 {last} {unit}へ増加す"
				    "る中で、{n} 回急増しました（{dates}）。",
    [NT_MSG_SHIFT_UP] = "{line} は{earlier}{about}（{date}）から水準が上がりました（1日あたり約"
			" {before} {unit}から約 {after} {unit}）。",
    [NT_MSG_SHIFT_DOWN] = "{line} は{earlier}{about}（{date}）から水準が下がりました（1日あたり約"
			  " {before} {unit}から約 {after} {unit}）。",
    [NT_MSG_SHIFT_RISING] = "{line} は{earlier}{about}（{date}）から増加しています（1日あたり約 "
			    "{before} {unit}から約 {after} {unit}）。",
    [NT_MSG_SHIFT_FALLING] = "{line} は{earlier}{about}（{date}）から減少しています（1日あたり約 "
			     "{before} {unit}から約 {after} {unit}）。",
    [NT_MSG_BEFORE_PERIOD] = "期間前の",
    [NT_MSG_CROSSED_UPPER] = "{date}ごろ、{upper} が {lower} を上回{became}ました。{upper} "
			     "が1日あたり {upper_before} {unit}から {upper_after} {unit"
			     "}に増えたためで、{lower} はあまり変わっていません（{lower_before} から {l"
			     "ower_after}）。",
    [NT_MSG_CROSSED_LOWER] = "{date}ごろ、{upper} が {lower} を上回{became}ました。{lower} "
			     "が1日あたり {lower_before} {unit}から {lower_after} {unit"
			     "}に減ったためで、{upper} はあまり変わっていません（{upper_before} から {u"
			     "pper_after}）。",
    [NT_MSG_CROSSED_BOTH] = "{date}ごろ、{upper} が {lower} を上回{became}ました。1日あたりの値は"
			    " {upper} が {upper_before} {unit}から {upper_after} "
			    "{unit}、{lower} が {lower_before} {unit}から {lower_af"
			    "ter} {unit}に変わりました。",
    [NT_MSG_BECAME] = "って {rank} 位になり",
    [NT_MSG_NOT_BECAME] = "り",
    [NT_MSG_TITLE_TRENDS] = "傾向",
    [NT_MSG_TITLE_SHIFTS] = "水準の変化",
    [NT_MSG_TITLE_CROSSINGS] = "線の交差",
    [NT_MSG_TITLE_RANKS] = "順位の変化",
    /* regions and ports */
    [NT_MSG_TITLE_X1] = "X1 地域別の宛先ポート番号（他の全地域との比較）",
    [NT_MSG_TITLE_X1_COURSE] = "X1 {region}：宛先ポート番号の割合の推移（他の全地域との比較）",
    [NT_MSG_OTHERS] = "他の地域",
    [NT_MSG_PROFILE_ABOVE] = "{region} では {port} が {rank} 位で {own} を占め、他の地域の {ot"
			     "hers} を上回っています。",
    [NT_MSG_PROFILE_BELOW] = "{region} では {port} が {own} にとどまり、他の地域の {others} を下"
			     "回っています。",
    [NT_MSG_PROFILE_SAME] = "{region} は他の地域と同様で、割合の差が 10 ポイント以上のポートはありません。",
    [NT_MSG_PROFILE_COURSE] = "{region} における {port} の割合は、最初の {n} 日間の {own_first} から最後の {n} 日間の "
			      "{own_last} になりました（他の地域では {others_first} から {others_last}）。",
    /* backscatter */
    [NT_MSG_TITLE_F3] = "F3 跳ね返りパケットの送信元数の推移（地域別、日別）",
    [NT_MSG_TITLE_SPIKES] = "急増した日",
    [NT_MSG_SPIKE] = "{line} は{date}に {value} {unit}となりました（通常は {usual} {unit}）。",
    [NT_MSG_NO_SPIKES] = "通常を大きく上回った日のある地域はなく、送信元の表はありません。",
    [NT_MSG_NO_BACKSCATTER] = "跳ね返りパケットは観測されていません。",
    [NT_MSG_NOTE_BACKSCATTER] = "跳ね返りパケットとは、送信していない通信への応答（SYN+ACK、RST、RST+ACK、ICMP "
				"応答など）です。その送信元は、送信元を詐称した攻撃を受けていると考えられます。",
    [NT_MSG_TITLE_SENDERS] = "{id} {region} の跳ね返りパケットの送信元（{days}）",
    [NT_MSG_SENDER_PORT] = "パケットの {share} は送信元ポートが {port} でした。",
    [NT_MSG_SENDERS_LEFT_OUT] = "組織を推定できなかった送信元 {n} 件は除いています。",
    [NT_MSG_NOTE_SENDERS_CUT] =
	"{n} 日分は送信元が多く、一部しか保存されていません。印のない日にも観測された可能性があります。",
    /* one port from one region */
    [NT_MSG_TITLE_F4] = "F4 {region} から {port} へのパケット数の推移（日別）",
    [NT_MSG_TITLE_F5] = "F5 {region} から {port} への送信元ホスト数の推移（ウィンドウサイズ別、日別）",
    [NT_MSG_WINDOW_8192] = "ウィンドウサイズ 8192",
    [NT_MSG_WINDOW_OTHER] = "その他のウィンドウサイズ",
    [NT_MSG_ONLY_8192] = "増加しているのはウィンドウサイズ 8192 の送信元だけです。",
    [NT_MSG_NOTE_8192] = "{port} 宛てのウィンドウサイズ 8192 は、MS17-010 を悪用して拡散するマルウェアの"
			 "特徴です。",
    /* traces of attacks */
    [NT_MSG_TITLE_T5] = "{id} {region} の送信元のうち1日に {threshold} パケットを超えたもの",
    [NT_MSG_TITLE_T5_NONE] = "T5 DoS攻撃の痕跡",
    [NT_MSG_NO_SUSPECTS] = "攻撃または同一ツールによる事象は観測されていません。",
    [NT_MSG_TITLE_T5_SOURCES] = "該当する送信元",
    [NT_MSG_NO_TRACES] = "1日に {threshold} パケットを超えた {region} の送信元はありません。",
    [NT_MSG_NOTE_THRESHOLD] = "しきい値は1日 {threshold} パケット超です。組織名はラベルファイル、なければ AS によ"
			      "ります。",
    [NT_MSG_NOTE_THRESHOLD_USUAL] =
	"しきい値は1日 {threshold} パケット超です（{region} の最多送信元の {days} 日分の中央値の10倍を"
	"切り上げ、100 以上）。組織名はラベルファイル、なければ AS によります。",
    [NT_MSG_TITLE_F6] = "{id} {region} からのパケット数の推移（1時間ごと、{days}、UTC）",
    [NT_MSG_HOURS_MOST] =
	"最も多かったのは{date} {hour} 時（UTC）からの1時間の {value} 件でした（通常は {usual} 件）。",
    [NT_MSG_HOURS_LEFT_OUT] = "{id} の日のうち、{days} はこの図に含まれていません。",
    [NT_MSG_UNKNOWN_REGION] = "地域不明",
    [NT_MSG_UNKNOWN_OWNER] = "不明",
    [NT_MSG_TITLE_MARKS] = "事象のパケットに共通する特徴",
    [NT_MSG_NO_MARKS] = "共通する特徴を持つ送信元または送信元群は見つかっていません。",
    [NT_MSG_NOTE_MARKS] = "値は、事象のすべての送信元のすべてのパケットに共通する場合にのみ示しています。"
			  "単一アドレスへの攻撃は、同一のツールによるパケットと考えられる場合に掲載しています。",
    [NT_MSG_MEANS_FLOOD] = "送信元ポートがすべて {source_port} であり、そのポートに対する送信元を詐称した攻撃への"
			   "応答と考えられます。",
    [NT_MSG_MEANS_TOOL] = "すべて同一のツールが生成したパケットと考えられます。",
    [NT_MSG_MEANS_TOOL_PORT] = "すべて {port} 宛てで、同一のツールが生成したパケットと考えられます。",
    /* events */
    [NT_MSG_TITLE_EVENTS] = "事象",
    [NT_MSG_EVENTS_OF] = "{type}：{n} 件。",
    [NT_MSG_EVENTS_ONCE] = "{type}：重複を除いて {n} 件（事象は {events} 件）。",
    [NT_MSG_NO_EVENTS] = "事象はありません。",
    [NT_MSG_EVENTS_CUT] = "{date}より前の事象は保存されていません。",
    [NT_MSG_EVENT_DOS] = "DoS 攻撃の被害者（応答の観測による）",
    [NT_MSG_EVENT_FIXED_TOOL] = "同一ツールによる送信元群（センサーごと）",
    [NT_MSG_EVENT_SURGE] = "急増（センサーごと）",
    [NT_MSG_EVENT_SCANNER] = "スキャナー（送信元・日ごと）",
    [NT_MSG_EVENT_SENSOR] = "センサーの異常",
    [NT_MSG_TITLE_SCANNERS] = "スキャナー数の推移（日別）",
    [NT_MSG_SCANNERS_MOST] = "最も多かったのは{date}の {n} 件でした。",
    [NT_MSG_SCANNERS_EVERY_DAY] = "数がわかっている日は、いずれも {n} 件でした。",
    [NT_MSG_NOTE_SCANNERS] =
	"スキャナーとは、1日に10を超える宛先ポートに送信した送信元です。既知の調査用スキャナーは別に数えて"
	"います。",
    [NT_MSG_TITLE_EXPORT] = "CSIRT およびアドレス保有者への情報提供用",
    /* MISP */
    [NT_MSG_MISP_INFO] = "跳ね返りパケットから見た DoS 攻撃 {period}：{n} 件",
    [NT_MSG_MISP_BASIS] = "{about}取りこぼしたパケット {lost} 件、欠測区間 {missing}／{expected}。",
    [NT_MSG_MISP_TEXT] =
	"センサー {sensor} の観測アドレス {addresses} のうち約 {targets} に届いた跳ね返りパケット {packets} "
	"件（{classes}）によります。攻撃の送信元は詐称されています。{more}",
    [NT_MSG_MISP_TEXT_UNSTATED] =
	"センサー {sensor} の約 {targets} アドレスに届いた跳ね返りパケット {packets} 件（{classes}）"
	"によります。攻撃の送信元は詐称されています。{more}",
    [NT_MSG_MISP_MORE_PORTS] = "攻撃されたポートはほかにもあります。",
    [NT_MSG_MISP_RATE] = "最も多かった1分間に {addresses} アドレスに届いた跳ね返りパケット {packets} "
			 "件からの推定値です（詐称された送信元が "
			 "IPv4 全体に一様に分布すると仮定）。",
    /* beside the report */
    [NT_MSG_TITLE_SENSORS] = "センサー別の宛先ポート番号 トップ10",
    [NT_MSG_TITLE_GROUPS] = "グループ別の1センサー1日あたり平均パケット数",
    [NT_MSG_TITLE_GROUPS_DAILY] = "グループ別の1センサーあたりパケット数の推移（日別）",
    [NT_MSG_NOTE_GROUPS] = "平均はデータのある日だけで計算しています。区間の一部が欠けた日の数は別の列に示しています。",
    [NT_MSG_TITLE_INFECTED] = "種類別の感染ホスト数の推移（日別）",
    [NT_MSG_TITLE_INFECTED_REGIONS] = "種類別・地域別の感染ホスト数",
    [NT_MSG_NOTE_INFECTED] = "Mirai：シーケンス番号が宛先アドレスと一致。GRE：GRE の送信元。445/tcp：ウィンドウ"
			     "サイズ 8192 の SYN。",
    [NT_MSG_CLASS_MIRAI] = "Mirai",
    [NT_MSG_CLASS_GRE] = "GRE",
    [NT_MSG_CLASS_SMB] = "445/tcp・ウィンドウサイズ 8192",
    [NT_MSG_ALL_REGIONS] = "全地域",
    [NT_MSG_TITLE_MIRAI] = "上位ポートにおける Mirai の割合",
    [NT_MSG_TITLE_MIRAI_DAILY] = "上位ポートにおける Mirai の割合の推移（日別）",
    [NT_MSG_NOTE_MIRAI] = "シーケンス番号が宛先アドレスと一致するパケットの割合です。",
    /* figures and pages */
    [NT_MSG_AXIS_PACKETS_DAY] = "パケット数（1日あたり）",
    [NT_MSG_AXIS_PACKETS_HOUR] = "パケット数（1時間あたり）",
    [NT_MSG_AXIS_PACKETS_SENSOR] = "センサー1台の1日あたりのパケット数",
    [NT_MSG_AXIS_HOSTS_DAY] = "送信元ホスト数（1日あたり）",
    [NT_MSG_AXIS_SOURCES_DAY] = "送信元数（1日あたり）",
    [NT_MSG_AXIS_INFECTED_DAY] = "感染ホスト数（1日あたり）",
    [NT_MSG_AXIS_SCANNERS_DAY] = "スキャナー数（1日あたり）",
    [NT_MSG_AXIS_SHARE_REGION] = "地域のパケット数に占める割合",
    [NT_MSG_AXIS_SHARE_PORT] = "ポート宛てのパケット数に占める割合",
    [NT_MSG_DRAW_MISSING] = "データなし・未保存",
    [NT_MSG_DRAW_CHANGE] = "水準の変化または線の交差",
    [NT_MSG_DRAW_BOUND] = "細い線：下限値",
    [NT_MSG_DRAW_NOTHING] = "描くデータがありません。",
    [NT_MSG_DRAW_UTC] = "{days}（UTC）",
    [NT_MSG_PAGE_CONTENTS] = "目次",
    [NT_MSG_PAGE_NUMBERS] = "グラフの数値",
    [NT_MSG_PAGE_COMPARED] = "{days}（比較対象：{compared}）",
    [NT_MSG_PAGE_UNKNOWN] = "?：不明。",
    /* columns */
    [NT_MSG_COL_RANK] = "順位",
    [NT_MSG_COL_PORT] = "宛先ポート番号",
    [NT_MSG_COL_SERVICE] = "サービス名",
    [NT_MSG_COL_CODE] = "コード",
    [NT_MSG_COL_REGION] = "地域",
    [NT_MSG_COL_PACKETS] = "パケット数",
    [NT_MSG_COL_SHARE] = "割合",
    [NT_MSG_COL_HOSTS] = "送信元ホスト数",
    [NT_MSG_COL_PREVIOUS] = "前期の順位",
    [NT_MSG_COL_PREVIOUS_PACKETS] = "前期のパケット数",
    [NT_MSG_COL_SHARE_OWN] = "地域内の割合",
    [NT_MSG_COL_SHARE_OTHERS] = "他の全地域の割合",
    [NT_MSG_COL_DIFFERENCE] = "差（ポイント）",
    [NT_MSG_COL_DATE] = "日付",
    [NT_MSG_COL_TIME] = "時刻（UTC）",
    [NT_MSG_COL_SENSOR] = "センサー",
    [NT_MSG_COL_SENSORS] = "センサー数",
    [NT_MSG_COL_GROUP] = "グループ",
    [NT_MSG_COL_ADDRESSES] = "観測アドレス数",
    [NT_MSG_COL_INTERVAL] = "区間（秒）",
    [NT_MSG_COL_GEO] = "地域データベース",
    [NT_MSG_COL_NEVER] = "書き込まれなかった区間",
    [NT_MSG_COL_INTERVALS] = "区間数",
    [NT_MSG_COL_EXPECTED] = "本来の区間数",
    [NT_MSG_COL_LOST] = "取りこぼしたパケット数",
    [NT_MSG_COL_ORG] = "組織",
    [NT_MSG_COL_ORGS] = "組織",
    [NT_MSG_COL_ADDRESS] = "アドレス",
    [NT_MSG_COL_ASN] = "AS番号",
    [NT_MSG_COL_SOURCES] = "送信元数",
    [NT_MSG_COL_SOURCE] = "送信元",
    [NT_MSG_COL_START] = "開始（UTC）",
    [NT_MSG_COL_END] = "終了（UTC）",
    [NT_MSG_COL_SOURCE_PORT] = "送信元ポート番号",
    [NT_MSG_COL_WINDOW] = "ウィンドウサイズ",
    [NT_MSG_COL_SEQUENCE] = "シーケンス番号",
    [NT_MSG_COL_ACKNOWLEDGEMENT] = "確認応答番号",
    [NT_MSG_COL_BACKSCATTER] = "跳ね返り",
    [NT_MSG_COL_ATTACKED] = "攻撃された宛先ポート",
    [NT_MSG_COL_MEANS] = "意味",
    [NT_MSG_COL_TYPE] = "種類",
    [NT_MSG_COL_WHAT] = "内容",
    [NT_MSG_COL_MEAN] = "平均パケット数",
    [NT_MSG_COL_REPORTING] = "データのあるセンサー数",
    [NT_MSG_COL_SENSOR_DAYS] = "データのある日数（センサーごと）",
    [NT_MSG_COL_CUT_DAYS] = "うち一部欠測",
    [NT_MSG_COL_MIRAI] = "うち Mirai",
    [NT_MSG_COL_SCANNERS] = "スキャナー",
    [NT_MSG_COL_RESEARCH] = "調査用スキャナー",
    [NT_MSG_COL_LINE] = "線",
    [NT_MSG_COL_TREND] = "傾向",
    [NT_MSG_COL_FIRST] = "最初",
    [NT_MSG_COL_LAST] = "最後",
    [NT_MSG_COL_SURGES] = "急増の回数",
    [NT_MSG_COL_KIND] = "種類",
    [NT_MSG_COL_BEFORE] = "変化前",
    [NT_MSG_COL_AFTER] = "変化後",
    [NT_MSG_COL_PEAK] = "最大の日",
    [NT_MSG_COL_VALUE] = "値",
    [NT_MSG_COL_USUAL] = "通常",
    [NT_MSG_COL_UPPER] = "上回った線",
    [NT_MSG_COL_LOWER] = "下回った線",
    [NT_MSG_COL_MOVED] = "動いた線",
    [NT_MSG_COL_UPPER_BEFORE] = "上の線（前）",
    [NT_MSG_COL_UPPER_AFTER] = "上の線（後）",
    [NT_MSG_COL_LOWER_BEFORE] = "下の線（前）",
    [NT_MSG_COL_LOWER_AFTER] = "下の線（後）",
    [NT_MSG_COL_FROM] = "変更前",
    [NT_MSG_COL_TO] = "変更後",
};
